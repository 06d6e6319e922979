"""Names of real places and people in letters that some encoding has and others have not."""

WESTERN = ("Málaga", "Zürich", "São Paulo", "Besançon", "Århus", "Reykjavík", "Köln", "Coruña", "Liège", "Malmö")
SYMBOLS = ("Café “Zum Löwen”", "L’Haÿ-les-Roses", "Šibenik", "Saint-Étienne – Châteaucreux", "Œting", "Žilina")
CENTRAL = (
    "Łódź",
    "Kraków",
    "Gdańsk",
    "Plzeň",
    "České Budějovice",
    "Győr",
    "Székesfehérvár",
    "Košice",
    "Ruse",
    "Chrząszczew",
)
PEOPLE = (
    "Antonín Dvořák",
    "Frédéric Chopin",
    "Wisława Szymborska",
    "Bedřich Smetana",
    "Maria Skłodowska",
    "Leoš Janáček",
)
CYRILLIC = (
    "Москва",
    "Санкт-Петербург",
    "Новосибирск",
    "Екатеринбург",
    "Казань",
    "Нижний Новгород",
    "Самара",
    "Йошкар-Ола",
)
JAPANESE = ("東京", "大阪", "札幌", "横浜", "名古屋", "福岡", "広島", "仙台", "京都", "さいたま", "表町", "ソウル")
CHINESE = ("北京", "上海", "广州", "深圳", "成都", "重庆", "武汉", "西安", "南京", "哈尔滨", "乌鲁木齐", "呼和浩特")
MANY = (
    "Ελλάδα",
    "Україна",
    "ישראל",
    "مصر",
    "भारत",
    "日本",
    "대한민국",
    "ไทย",
    "Türkiye",
    "Ísland",
    "🇳🇴 Norge",
    "Việt Nam",
)
