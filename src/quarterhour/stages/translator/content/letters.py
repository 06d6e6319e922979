"""Which letters and pairs of letters mark a language, most frequent first: what tells one legacy encoding from another.

Counted in the names of countries, languages, currencies, months, people, cities and firms (CLDR and the like), in lower case.
A pair with a space is a letter at the start or the end of a word; pairs of ASCII letters say nothing and are left out.
"""

# Two characters a pair.
PAIRS: dict[str, str] = {
    "de": (
        "ßeaßörrömüänhöülübüdlüsüünähöhärhäißdöösrüß bäöleßjäühürgüläköüthüsölöwääsäfücötöfjümääiön ääcöckämö"
        "äträbötübüpägöjöältäsääuföfüüsömövpözödäßlüßöbägoßküäkädödümöwußé nünö öfäßpzätövöäbßaöpößßn üükögäm"
        "méålgäßrßsßgnéßwdüßf"
    ),
    "fr": (
        " éréérméé éltééeécétédnéénhédéléémgééoaïégpéésséièévcéèréaépvéèsèniébénçuéï aîtèîtoéèlçaèvçoègéqdèaé"
        "î ébnèôtrèrôhôïtféhèyélèïdêtéfètèmgèâtzébèôlfèmèeïékïqwéèqjéëlaçpêêcéiïrhîvèïnéwrî îîlkéuèrçoëoîvêêq"
        "ômrê àà sûûrïsïeålcôœucœ œsœœrnœbœ"
    ),
    "es": (
        "ónáníaióésríñaróaññoí méeñínó rá ámácánéláé árlóléístíiñtácóálérñelíóldáéndítéuíá réiáníñidétócímóás"
        "míélcéuñáeédgíbáécóssámúúníoeóváázóguédópúátfíjónááfábgóaíímgááuícámiéúsfápóíttúzábéú ígséúbáguáoñóm"
        "ódórópèsvéaéávyájáév"
    ),
    "pt": (
        "ãoaççãárêsçaíslíânônínráérõeíctétáçõórmétíóluímáiçtónçátsãiá árínêé á étêncâçoédécuátãásívfírôímésré"
        "néídáfítógiãálléâmlámínítêílã dênááulómãaíuêlãcóácuçávtôbáússípúúbúlábúcsétâáqcíópáglônólêlâoçmêrâhé"
        "gãrãpáóscêaééoaúígíb"
    ),
    "it": (
        "à ì lòò è dìrèé ù iàràmìpédùtàålmépüükuènàoàaççacóór åníí võõrlíívétríínfæærhéélrùlóón øøemåsããomüüh"
        "lüüsnöößß gööfißße"
    ),
    "nl": (
        "iëë oëëlméënaïéeé ïsëroïélwââljèènnçïtçohéoéköaëhöönböökséçaålïrrööeïeïnî féösièèglâânvéaçcóór åïaöl"
        "eërééupüükuïmåeïnîníí nüüskîlíívëmlóónvõõrhûûsmûûnbéémëdëpëbédéw"
    ),
    "sv": (
        "änväröägömräjöör å öåkösärsöénköödäsläbääcårönölås äöajälöögöpädgågöå höråréeåö måmöhäléöbäthåmäé åg"
        "öfövdéöhtäånålältölånöföböötsénäkäçaåbsågääväxzétååhuöhéoçdöfäésnééapåaçcóórníí võõraééiaöéukåsänóó "
        "líívnüüsrííneññoöiél"
    ),
    "da": (
        "ræørædærlætørøsøårøs øløøngåægøløjhøbææløbvæjæækø æsødkøøvmønøføjønæbøiørå åøkøgænkætægøådmæpæøefæ æ"
        "æbå ålmååsåbsæømågé tådølåsåbåånøiætvåævhåøtkåæifåeænéåvléeøhépømüünæacææclüücåkdææoæppåøyxøoøæmaçça"
        "gærééunüüsríínélmépü"
    ),
    "no": (
        "røjøøråsøyø  øårøegåbøråsøømlølééehøøkæråtøgøaødvænææsvåågønnønåeåhåsææteøåkøskååv åøvåldåkødøpåølfø"
        "iømåaøsåçaådréé fægøyåiåaçcóórgæælræéunüüsríínhéélménçpüükuøeælóóntæsããotøtåvøyøoø"
    ),
    "fi": (
        "jäläänä ärmääkpäääö älkääikööntävääjäenäämräsääshätöröättšdžénöriönölöähölöbjöösböööävdöökréžašeyöäy"
        "šišažiašäaägäpöm äpöšuvööyzéög šišyädéaääöwäföméškfäríínštpüükšoötöaöjöpsöaççacóórušyékšäfhömšöhž võ"
        "õrnîî éuiälíívnüüseñ"
    ),
    "is": (
        "ísríí íasíó tíníínrúlíúríkaídíbíkóvíóliðtú íbúsúúsðuróónkíómírílítgíósú únkúíbgódóð uðmílúúató úmáóv"
        "sójóórlójúúgðibóvæúlrðúmúkönnúígmóænhíútálótýsívgúpúásúdpíárræþýíehá þímúb ó áúvæðlápódúnóá ídúptétö"
        "ókfðóaðafíaóágópaðöl"
    ),
    "pl": (
        "łańsłoałówołań ś łsłń ońoś żłuróś ścżyułłyświęełżaślśnórłkł ińdżkóeśgógłędyńęgąsśrżeeńdłółaśżońcądił"
        "póętiąłeląęcuśtóębśkącbłzęyśjęłcąbażióuńcłłnożójząwłkłnóręłózóóddźmłątrżiśpłzłękć łdaźwąwęózźnhłeżłt"
        "oźużdąwóólłęągź ż żu"
    ),
    "cs": (
        "á štkáí níváý é kýkénáán šráčelávýřeík čínnščnálříišvínýátšeáktášklíuššoršečtěošřiněděešř ářné úžiár"
        " žš míěltřcíéhašičzáírýcmělóhávěógjštšádbřčiléácávětčkéržedžořvélšařtíačpřč růázučě dáílmášiámčtů íh"
        "čadšežžapáít řěmbánž"
    ),
    "sk": (
        "á vákáý čináíkkýár šičé níánčeráškušákšokéštnýčoín čnčašlíošlánéč výéhzáčktáčaálačríčnišš šižišeáčša"
        "eľňarčečmááš ďáthájčočľučíoľľoďuľa ľ žávňoírlóérmíádaňiátíógešýcžalčdábáľ íc úámdžácvéužčtí žnučažpá"
        "žeižšíeňvíságátčáhjá"
    ),
    "hu": (
        "árnévámáékánháő é ásátó tóöréstőköléénvéázyödőfüótürráácbázéhíídémálrötázőégövőrnáréérítpákéösmélózá"
        "kőépádső étéírláágöksá ágékápénöézrólőőhsódáyíjáédgábééldóószóőiműújtöógáv ü úzíózüggóönyéővölsékóám"
        "ülőfőm óétákűvdúőköz"
    ),
    "hr": (
        "ićć ič ščičašičkškačiščeaš čžiošeššežeštšaučžaušč  žožš čućeočužčnečdžršnčrčižđećaažžnšnđaežžuržađ đ"
        "nžšošulčšpščđuođaćećoćšć ćždkščošvćidšvčrđpčućžonđjčćnćođibčžbjščjnškčžržjeđuđćušlž čvlžšržmvščlpćaç"
        "çarééušmlšhéélpüükiđ"
    ),
    "sl": (
        "čiščškiččeč nšjš šišžiašrš čošža žešnčožčaštšežešaušvšačšidžmšežčnažžnečvčočtšlšž šnužićdšižrččuć lč"
        "čkržšvš uččršužmšošmgšbššpčjbčjččoćešlpškšmčšcmžžjvžfšpčžulžšrkčnžšjčmaççažpčvwšhéélköölždžbžgžo"
    ),
    "ro": (
        "ă năcăzăţitălărăţaiţuţnţţăaţaşmădăălânădş ărăt şştuşeşârsâţ băşueţănsăşămâşopăkâgââzşivăâmoţşcrâoşşa"
        "işăcămhéé rţfâ îîngăhăşeăzaççacóór ţičč pâuăşkâ rééuăgăulíívnüüsríínnşţeélcôôtcţmépţşmpüükkööllóónăţ"
        "tâ"
    ),
    "tr": (
        "ı güül şcı ççaüraşşası öçikççeünş özoğşemülııntütççıkıılörgöağişüm üşirıtıımdıırç lünçğldüıkğaönısü "
        "yıeşızükçosüyüökıcküuğgıüzaçrütöuşşıüçnığuşçzıışsöüsüdütçuübköpçlâştğreğücüşühcüçlrşğ zünüuçıtğihüğı"
        "şkeçpıüfrçşrüvsçıçyö"
    ),
    "lt": (
        "ų ė iųčinėnųlėūn žrė šėjtųečrųtėičlųdžkųėsrūjųšk čžižužavėėniššaėbušdųbųgųžečaštūrsųsėaššiėdėfiūmųšr"
        "ižošzųmėtūdėėvkūėmjūėcūb ąąžžyšvmūėtėlčekęęsfųkššuvųačšeūthųšųčuūzbėučužšoėpėhžoyšcūešpėsąšyčodūgėrž"
        "būš ažjėčųgūcėžėyčnš"
    ),
    "lv": (
        "iņņaņšītāreššuīnš ānlīmāvīrīērāl ātādžkāābņutīrūnārēzīrājūaņlāīrīdšsdīļudāīlūljāšbbēēt čāc ēģeādmīģi"
        "lūvāāņpēūmsīlēišeļībiāūržaā ņegāšvvēļaējņižiūdēnoņīz ščiāzķezā ģjēpāīckļēsšmēkāfāvčaoģūsnēēzšaaķiļām"
        "gīoļķiļģičcīdūēvūcūn"
    ),
    "et": (
        "tšärürmäpõdžšeäeänääpä üjüšaüüülšilõlä šõlkäõuõmžažiõhjõõdnõättõõnähväjämüküšoütühkõ žžuežždvõ õööõe"
        "õsägsüiššuaštäštõitülüpüõšsömõölõgäsrüötõrršälhäsäädräšvušrõbõüvõtmöükfäõkümžeüaaürööngõõzõvé žkäiüp"
        "löö žošnkšgūūnjāālmš"
    ),
    "ru": (
        "ова сквай наан кков кинороевиня ий саркаорерк ра м анилоолстая пиконалльвитолаен ври бма тичлетаелли"
        " гн вонс нгоч р реогавтимотеисато  лосне ддоилсе ре урве ф ивнмипосиаст саомсотрмеирим одиадыйныгада"
        "есамакоди нтбог ьебаиткупайс еоезадеетрспендедиячеоквсотруь хабеей зпремслее шекрнайхокс уфиянгргенг"
        "ртннкриоусргагьяту хулм брап э чазопфоьсктгид биьнфедривснойобахбузиабвлс ссудмужнрьы хиизидипл лудн"
        "гупирмех яозрдунщичитсшеиаофврсуркафцинк"
    ),
    "uk": (
        "а ьккакосьо енанй ийнанковар к ск ерро бкиорва пра мал аівстолма д внире глатальбариинні ллеавлон  т"
        "вия лінонсоноггодар тоь невеичиктиійга рріте н очеатасі деінв мевсцьелмові злиодосзапаомамадч аксеса"
        "айвнндіяіле доисвот ук іилйсимевмирстрецруес ф шпобобеянурмі чем ядікіокабсиірньпепрслек хнтбітукрсо"
        "опири пібугробіссіюк єлуейчуетотннусдрунитрнртдичнітха уг ахеднгвкгікеідачврудгеьсицтілядназубкугу е"
        "чахілюікм агбршеьнксджс ркївишфіскктозце"
    ),
    "bg": (
        "а ановсккаи конакиин клилао риарен свара п мн в мароил б атаел тияоналеревни д ля тинстоностлеависми"
        "ират в гве рорнеян нолсидает е инквипадиндделоимаддогар пе хикнгак чамсабосе яслър зийоммереос фурйс"
        "иатееситмогеасчего очоемаbбебазаркодруьотуайнтфит иеткджрсе биейхапоотедтршкртокйогиагунеквbл кекр й"
        "идк ивпижичизиводрчкопичмб щксрдаsча ш цкулслкукозбрхрогс д еосоицаш юбуцовsтсапизахй грцалучужаезнч"
        "улшаачвршепрляионуциобаб узлхооаусм ошхи"
    ),
    "el": (
        "ς ου κυ ηςανα ος μ ακα πκοούαρικ σποη αςν ραλοαλστμαροπα ττολαντατριτσωνιαίαήςταμπάκερκηολ γλιιοασ β"
        " ευλίοακυρτιαμάν διάνονα λρίνινηδοά σιίδτηδητρκά χαγγκσοώνσαισ νελμοκόόςλειντζγιβαγο φνίή ύλοπράονλί"
        "ργοραπσηχαλάρηπεάρυτσίάςενόπλήογνάδιτετήληγε ρτάομδαγα ιλλμιυσειμάμεευύ οσίνσκ ονδάτμηημσεαυτίκριτκή"
        "δρένρόίκι ιλύργρωρπιαφφοοδκιλόρε ζεωζαο ννετπρχρωτχοκλίτιώ θαβθεκίβοητυμοτόγάλρυέλτόάδνόυκφαβρκεσάοι"
        "αχβιοκαθυνπάαινεπλζικώιδκωιμέρσσρωκτείαδ"
    ),
}

IDEOGRAPHS: dict[str, str] = {
    "ja": (
        "会社語式株合有限同藤田山市中林字文本木水村区印川建設報佐刷情業産農保鉱品通険気食行信電運銀輸橋島小鈴井高郡町横浜伊上辺松"
        "渡長加崎西石森口吉岡南清谷国斎東子前々部士三原家太下多浦福青北生古遠池日代諸摩近後斉香大坂方言武師書英新人阿一旛八和月法"
        "音里野津領取央金港地学神平記教直裕美介司樹千京蔵栄員医白江立正共民標準曜明真官体連期米世陽也花奈郎御沢富房瀬戸丈夷隅宿芝"
        "街九調宅画作公工救事務職者営演歌宮安号兌換政手象土台火別統低韓不道夏四"
    ),
    "zh": (
        "座街路司公有限语市县信工科文技息师尔网亚理媒传络员拉程兰李马克张州王秀英南华斯安西经刘利桂电梅管玉陈特建尼杨务里阿巴罗加"
        "阳计海黄方宁维林金新通北丽业德比大纳字机哈子国瓦联主周珍发法红齐淑门东赵地布飞软人创孙卡长专设鲁格博朱产言丹高开合总萨荣"
        "销家卢山塞成古郑芳吴生太多术婷美泰中和明件兴元石吉售车客云天索柳岛辽香六都原万医徐监服港保塔苏库奥瑞京哥达乌霞凤沈银品摩"
        "济群关米丁嘉普雷燕台波物强行何体数姆埃木商龙浩胡伊算牙提动研图滨城平欧时迪月雪诺内房教户代水恩列顾敏娟邓佳颖春广音惠佛宇"
        "沙郎第禾谢曹分运郭重庆洲涛杜鑫武庄韩盟江坦助永璐际军艺曼冶会洋健洛桑问区盘磊彬杭店莉超远划昌莞澳冯洁风凌伯易统岭料班营基"
    ),
    "zh_hant": (
        "號文公路有司限巷街員段人台中亞師美工資大訊林份股華電新市爾縣陳業山拉克程灣德國生志北秀西民興利淑斯明馬光里安理麗技管南尼"
        "蘭建巴宏阿子雄黃行俊東福王和加羅平務張古品維體玉達李特金永家惠設吳英玲語術法瓦字納自愛卡主科計義店蔡正地雅劉銀島楊比商太"
        "作化信布機水蘇發助冠學園研長索士復忠關許三物龍統廣庫多奧土保企珠劍成高薩貨盧富威運方珍梅豪動洲治一湖仁海宇塞吉塔視言摩素"
        "月投鐵哥群博怡產曾恩醫育廷門格車榮石事隆竹碧及埃同府城八天日潭百銘飯星五瑞導雲空陽奇柏由渡莊可葉音米魯松謝專服聯連際立丹"
        "政遊邦列普橋究智輝教宗內航蘆小郭勝哲腦琴鳳裝凱印翰鄭那劃翔娟旅基洪藥宜源樂江圖元洛廖象來班類世承慧味呂歐伊備雷療力白坪昌"
    ),
    "ko": (
        "리어이지가김로영정스시마동서아구사원수현자길하거박제대민은기고라오성트도을코조호나진공강한미보포우주루상신읍면윤니경중크"
        "남최안준양재레유전네인비백산문람개드금온관바삼르숙발선학소장앙에예초천타군역반연테순노종석카씨티려식차너통훈다프분철터단"
        "글광란벌모메품그부송브템판일련음봉권황야릉치류월배국압실승해촌논명름술세헤희행화두겨언홍래옥계즈체틱더합출앤잠키락건푸디"
        "빛업용무항손첨방물획링플센웍파션솔올윈병룹혜넥과의환채북엔설교뷰른투심폼임랩랫워위베허와작토쿠특웨후평회속청피운생페육웅"
        "간케곽별매요빈춘만섬말알탄감여복엄팔랑림혁목슬月히축료당데능누직검록러랜내담버탈슈독태흥충집외형립농칸엘갈법령츠질울점험"
    ),
}
