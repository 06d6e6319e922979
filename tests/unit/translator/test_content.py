"""Raw bytes to plain UTF-8 text: every compression, every encoding, and what is no text at all."""

import bz2
import gzip
import io
import lzma
import random
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterhour.errors import StageCancelled
from quarterhour.lake.arrivals import FileUnreadable
from quarterhour.stages.translator.content import compression, encoding
from quarterhour.stages.translator.content.plain_text import ContentUnreadable, PlainTexts, plain_text, plain_texts
from real_tables import flights_csv

TABLE = b"id,name\n1,Smith\n2,Jones\n"
# Places, people and goods as they stand in tables. None of this was used to choose the letters that the detection knows.
WORDS = {
    "German": "Müller|Köln|Düsseldorf|Größe|Straßenbahn|Bäckerei Schröder|Jürgen Weiß|Nürnberg|Würzburg|Gießen|Käse|Öl",
    "French": "Orléans|Besançon|Saint-Étienne|François Lefèvre|Crème brûlée|Château|Hélène|Nîmes|Évreux|Noël|Pâté|Fenêtre",
    "Spanish": "Málaga|Cádiz|A Coruña|Logroño|José Núñez|Peña|Jamón ibérico|León|Champú|Niño|Ángel Gutiérrez|Castellón|Piñata",
    "Portuguese": "São Paulo|João Conceição|Maceió|Brasília|Pão de açúcar|Belém|Guimarães|Feijão|Goiânia|Açaí|Três Corações",
    "Swedish": "Göteborg|Malmö|Västerås|Örebro|Jönköping|Åsa Sjöström|Gävle|Björn Åkesson|Smörgås|Hälsa|Östersund|Växjö",
    "Danish": "København|Århus|Søren Kjær|Rødgrød|Helsingør|Næstved|Bjørn|Køge|Smørrebrød|Tønder|Sæby|Hjørring",
    "Polish": "Łódź|Kraków|Gdańsk|Wałęsa|Żółty ser|Świętokrzyskie|Częstochowa|Rzeszów|Małgorzata Wójcik|Poznań|Śląsk|Pączki",
    "Czech": "Plzeň|Dvořák|České Budějovice|Ústí nad Labem|Jiří Němec|Třebíč|Příbram|Mléko čerstvé|Žďár|Kroměříž|Šumperk|Růžový",
    "Hungarian": "Győr|Székesfehérvár|Szőke Gábor|Kőszeg|Gyöngyös|Nagykőrös|Fűszer|Erdős Péter|Tűzoltó|Hajdúböszörmény|Körte",
    "Romanian": "Braşov|Constanţa|Iaşi|Ştefan Popescu|Timişoara|Bacău|Ţuică|Brânză|Târgu Mureş|Călăraşi|Gheorghiţă|Piteşti",
    "Croatian": "Šibenik|Čakovec|Karlovac Đuro|Požega|Ivić Željko|Poreč|Kovačević|Međimurje|Češnjak|Vukovarski šećer|Križevci",
    "Turkish": "İstanbul|Diyarbakır|Şanlıurfa|Muğla|Çağrı Yılmaz|Beşiktaş|Eskişehir|Ayşe Şahin|Peynirli börek|Iğdır|Kırşehir",
    "Russian": "Екатеринбург|Иванов Пётр|Москва|Новосибирск|Сыр российский|Улица Ленина|Смирнова Анна|Казань|Молоко|Уфа|Сочи",
    "Ukrainian": "Київ|Львів|Запоріжжя|Шевченко Тарас|Чернігів|Олія соняшникова|Кропивницький|Їжак|Ґудзик|Вінниця|Луцьк|Хліб",
    "Greek": "Αθήνα|Θεσσαλονίκη|Παπαδόπουλος Γιώργος|Ηράκλειο|Φέτα|Πάτρα|Λάρισα|Ελαιόλαδο|Βόλος|Ιωάννινα|Καβάλα|Μέλι",
    "Japanese": "東京都|大阪市|山田太郎|株式会社ソニー|ノートパソコン|札幌|鈴木一郎|おにぎり|名古屋|コーヒー豆|京都|冷蔵庫",
    "Chinese": "北京市|上海|广州|王小明|有限公司|笔记本电脑|深圳|李娜|苹果手机|成都|绿茶|武汉大学|中国银行",
    "Chinese, old script": "臺北市|高雄|陳美玲|電腦公司|林志明|新竹科學園區|茶葉|台中|張大衛|烏龍茶|銀行|國立大學",
    "Korean": "서울특별시|부산|김민수|삼성전자|이영희|대구|인천광역시|컴퓨터|박지성|제주도|김치|커피|광주",
    "English with signs": "Café|it’s|£12.50|21 °C|Kleenex™|naïve|“quoted”|5–7 days|€ 9|20 m²|½ inch|Zoë|Brontë|résumé|Crème",
}
ENCODINGS = {
    "cp1252": ("German", "French", "Spanish", "Portuguese", "Swedish", "Danish", "English with signs"),
    "cp1250": ("Polish", "Czech", "Hungarian", "Romanian", "Croatian"),
    "cp1251": ("Russian", "Ukrainian"),
    "cp1254": ("Turkish",),
    "cp1253": ("Greek",),
    "cp932": ("Japanese",),
    "euc_jp": ("Japanese",),
    "gb18030": ("Chinese",),
    "cp950": ("Chinese, old script",),
    "cp949": ("Korean",),
    "utf-8": tuple(WORDS),
    "utf-8-sig": tuple(WORDS),
    "utf-16": tuple(WORDS),
    "utf-16-le": tuple(WORDS),
    "utf-16-be": tuple(WORDS),
}


def a_table(language: str, rows: int, choice: random.Random) -> str:
    """Some rows in ASCII only, one column or two in the language, between numbers."""
    words = WORDS[language].split("|")
    plain = ["Smith", "London", "N/A", "Order 12"]
    delimiter, line_end = choice.choice(",;\t"), choice.choice(["\n", "\r\n", "\r"])
    lines = [delimiter.join(("id", "name", "place", "amount"))]
    for row in range(rows):
        place = choice.choice(words if choice.random() < 0.5 else plain)
        cells = (str(1000 + row), choice.choice(words), place, f"{choice.random() * 1000:.2f}")
        lines.append(delimiter.join(cells))
    return line_end.join(lines) + line_end


def read(tmp_path: Path, content: bytes, check: Callable[[], None] = lambda: None) -> tuple[PlainTexts, list[bytes]]:
    raw, scratch = tmp_path / "raw.csv", tmp_path / "scratch"
    raw.write_bytes(content)
    scratch.mkdir(exist_ok=True)
    with plain_texts(raw, scratch, "abc", check) as found:
        contents = [text.path.read_bytes() for text in found.texts]
        assert [text.size for text in found.texts] == [len(content) for content in contents]
    assert not list(scratch.iterdir())
    assert raw.read_bytes() == content
    return found, contents


def refusal(tmp_path: Path, content: bytes) -> str:
    with pytest.raises(ContentUnreadable) as caught:
        read(tmp_path, content)
    assert not list((tmp_path / "scratch").iterdir())
    return caught.value.message


def archive(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return out.getvalue()


PACKERS = {
    "gzip": gzip.compress,
    # With a checksum, as the zstd command writes it.
    "zstd": lambda content: zstd.compress(content, options={zstd.CompressionParameter.checksum_flag: 1}),
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}


# Encodings


@pytest.mark.slow
def test_the_text_is_recovered_exactly_from_tables_of_every_size_language_and_encoding(tmp_path: Path) -> None:
    choice = random.Random(20251205)
    tried: Counter[str] = Counter()
    wrong: list[tuple[str, str, int, str]] = []
    for codec, languages in ENCODINGS.items():
        sizes = (3, 10) if codec.startswith("utf") else (3, 3, 3, 5, 10, 30, 100, 500)
        for language in languages:
            for rows in sizes:
                text = a_table(language, rows, choice)
                found, contents = read(tmp_path, text.encode(codec))
                tried[codec] += 1
                if contents != [text.encode()]:
                    wrong.append((codec, language, rows, found.texts[0].encoding))
    assert not [case for case in wrong if case[0].startswith("utf") or case[2] >= 10], wrong
    # Three rows may hold two letters that two encodings both have; most are right all the same.
    assert len(wrong) <= 0.01 * sum(tried.values()), wrong


@pytest.mark.parametrize(
    ("codec", "cells"),
    [
        ("cp1252", "Müller|21°C|£10|10 €|it’s|2010–2012|20 m³|µm|São Paulo|Peña|œuvre"),
        ("cp1250", "Łódź|Dvořák|Wałęsa"),
        ("cp1251", "Москва|Київ"),
        ("cp932", "東京|ソニー|ﾔﾏﾀﾞ ﾀﾛｳ"),
        ("gb18030", "北京|上海"),
    ],
)
def test_one_cell_among_a_thousand_lines_of_ascii_is_enough(tmp_path: Path, codec: str, cells: str) -> None:
    for cell in cells.split("|"):
        text = "id,name\n" + "1,Smith\n" * 500 + f"2,{cell}\n" + "3,Jones\n" * 500
        found, contents = read(tmp_path, text.encode(codec))
        assert (found.texts[0].encoding, contents) == (codec, [text.encode()])


def test_a_letter_far_behind_the_first_pieces_is_found(tmp_path: Path) -> None:
    text = "id,name\n" + "1,Smith\n" * 400_000 + "2,Müller\n"
    assert read(tmp_path, text.encode("cp1252"))[1] == [text.encode()]


def test_few_different_cells_in_many_pieces(tmp_path: Path) -> None:
    text = "2013,北京市,有限公司,517,李娜\n" * 150_000
    assert read(tmp_path, text.encode("gb18030"))[1] == [text.encode()]


def test_latin_1_is_named_where_windows_1252_has_no_such_byte(tmp_path: Path) -> None:
    text = "id,name\n" + "1,Müller\n2,Köln\n3,Größe\n" * 3 + "4,\x81\n"
    found, contents = read(tmp_path, text.encode("latin-1"))
    assert found.texts[0].encoding == "latin-1"
    assert contents == [text.encode()]


def test_plain_utf8_is_read_from_the_raw_file_itself(tmp_path: Path) -> None:
    raw = tmp_path / "raw.csv"
    raw.write_bytes("id,name\n1,Łódź\n".encode())
    with plain_texts(raw, tmp_path / "no such folder", "abc", lambda: None) as found:
        assert found.texts[0].path == raw
        assert found.texts[0].encoding == "utf-8"


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "cp1252"])
def test_line_ends_stay_as_they_are(tmp_path: Path, codec: str, line_end: str) -> None:
    text = line_end.join(["id,name", "1,Müller", "2,Köln", ""])
    assert read(tmp_path, text.encode(codec))[1] == [text.encode()]


@settings(max_examples=150)
@given(
    text=st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"), min_size=1, max_size=80),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    piece=st.integers(1, 9),
)
def test_a_character_cut_by_the_end_of_a_piece_is_whole(
    tmp_path_factory: pytest.TempPathFactory, text: str, codec: str, piece: int
) -> None:
    text = "id,name\n" + text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "_PIECE_BYTES", piece)
        assert read(tmp_path_factory.mktemp("cut"), text.encode(codec))[1] == [text.encode()]


@settings(max_examples=200)
@given(content=st.binary(max_size=300))
def test_any_bytes_are_a_text_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    try:
        read(folder, content)
    except ContentUnreadable:
        assert not list((folder / "scratch").iterdir())


# Invalid bytes


@pytest.mark.parametrize("strange", [b"\xff", b"\xff\xfe\x80", b"Sm\x80ith", b"a\xffb"])
def test_bytes_that_are_no_text_stay_in_a_utf8_file(tmp_path: Path, strange: bytes) -> None:
    content = TABLE + b"3," + strange + b"\n"
    found, contents = read(tmp_path, content)
    assert found.texts[0].encoding == "utf-8"
    assert contents == [content]


@pytest.mark.parametrize("line", [b"9,M\xfcller\n", b"9,\xe9\n", b"9,\xc5\n", "9,Москва\n".encode("cp1251")])
def test_lines_in_another_encoding_stay_in_a_utf8_file(tmp_path: Path, line: bytes) -> None:
    content = "1,Müller\n2,Köln\n3,Größe\n4,Łódź\n5,Дзержинск\n".encode() + line
    found, contents = read(tmp_path, content)
    assert found.texts[0].encoding == "utf-8"
    assert contents == [content]


def test_lines_of_utf8_in_a_legacy_file_are_not_garbled(tmp_path: Path) -> None:
    content = "1,Müller\n2,Köln\n".encode() + "3,Größe\n4,Bäcker\n5,Düren\n".encode("cp1252")
    assert read(tmp_path, content)[1] == [content]


def test_what_the_encoding_does_not_know_stays_invalid(tmp_path: Path) -> None:
    text = "\n".join(WORDS["Japanese"].split("|")) + "\n"
    found, contents = read(tmp_path, text.encode("cp932") + b"\x95\n")
    assert found.texts[0].encoding == "cp932"
    assert contents == [text.encode() + b"\x95\n"]
    _, contents = read(tmp_path, "a,b\n1,ü\n".encode("utf-16") + b"\x00\xd8" + "x\n".encode("utf-16-le"))
    assert contents == ["a,b\n1,ü\n".encode() + b"\xffx\n"]


# No text


def test_a_few_nul_bytes_are_no_binary_content(tmp_path: Path) -> None:
    content = TABLE * 20 + b"3,\x00\n4,a\x00b\n"
    assert read(tmp_path, content)[1] == [content]
    assert read(tmp_path, b"")[1] == [b""]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (bytes(range(256)) * 40, "binary"),
        (b"\x00" * 5000, "binary"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG"),
        (b"%PDF-1.7\n" + b"text " * 500, "PDF"),
        (archive({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}), "Office"),
        (b"data.csv".ljust(257, b"\x00") + b"ustar\x00" + TABLE * 500, "tar archive"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    assert "not text" in (message := refusal(tmp_path, content))
    assert why in message


# Compression


@pytest.mark.parametrize("kind", PACKERS)
def test_each_compression_is_told_by_its_bytes_and_read_over_several_streams(tmp_path: Path, kind: str) -> None:
    pack, flights = PACKERS[kind], flights_csv()[:600_000]
    found, contents = read(tmp_path, pack(flights[:200_000]) + pack(flights[200_000:]))
    assert contents == [flights]
    assert found.texts[0].compression == kind


@pytest.mark.parametrize("kind", PACKERS)
def test_a_compressed_file_cut_anywhere_is_refused(tmp_path: Path, kind: str) -> None:
    packed = PACKERS[kind](random.Random(1).randbytes(3000).hex().encode())
    for length in range(20, len(packed), 97):
        assert "send it again" in refusal(tmp_path, packed[:length])


@pytest.mark.parametrize("kind", [*PACKERS, "zip"])
def test_a_damaged_compressed_file_is_refused_or_read_right(tmp_path: Path, kind: str) -> None:
    content = random.Random(2).randbytes(2000).hex().encode()
    packed = archive({"a.csv": content}) if kind == "zip" else PACKERS[kind](content)
    for place in range(15, len(packed), 83):
        damaged = packed[:place] + bytes((packed[place] ^ 0x55,)) + packed[place + 1 :]
        try:
            assert read(tmp_path, damaged)[1] == [content]
        except ContentUnreadable as error:
            assert "zip archive" in error.message or "send it again" in error.message  # noqa: PT017 - either is right


def test_a_compressed_file_in_another_encoding(tmp_path: Path) -> None:
    text = "id,name\r1,Müller\r2,Köln\r"
    found, contents = read(tmp_path, gzip.compress(text.encode("cp1252")))
    assert contents == [text.encode()]
    assert (found.texts[0].encoding, found.texts[0].compression) == ("cp1252", "gzip")


@pytest.mark.parametrize("kind", [*PACKERS, "zip"])
def test_a_bomb_is_refused_with_its_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(compression, "_ALWAYS_ALLOWED_BYTES", 10_000)
    monkeypatch.setattr(compression, "_PIECE_BYTES", 1000)
    bomb = TABLE * 10_000
    packed = archive({"a": bomb, "b": bomb}) if kind == "zip" else PACKERS[kind](bomb)
    monkeypatch.setattr(compression, "_MAX_EXPANSION", len(bomb) // len(packed) // 2)
    message = refusal(tmp_path, packed)
    assert f"{len(packed):,} compressed bytes expand to more than" in message
    assert f"{max(10_000, len(packed) * (len(bomb) // len(packed) // 2)):,} bytes" in message


# Archives


def test_all_texts_of_an_archive_come_in_its_order_and_the_rest_is_named(tmp_path: Path) -> None:
    utf16 = "a,b\n1,ü\n".encode("utf-16")
    found, contents = read(
        tmp_path,
        archive(
            {
                "folder/": b"",
                "folder/z.csv": TABLE,
                "__MACOSX/folder/._z.csv": b"\x00\x05",
                "folder/.DS_Store": b"\x00",
                "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(50),
                "empty.csv": b"",
                "a.csv": utf16,
                "b.csv.gz": gzip.compress(TABLE),
                "c.zip": archive({"x": TABLE}),
            }
        ),
    )
    assert contents == [TABLE, "a,b\n1,ü\n".encode(), TABLE]
    assert [(text.member, text.encoding) for text in found.texts] == [
        ("folder/z.csv", "utf-8"),
        ("a.csv", "utf-16-le"),
        ("b.csv.gz", "utf-8"),
    ]
    assert {text.compression for text in found.texts} == {"zip"}
    assert [line.split(":")[0] for line in found.skipped] == ["picture.png", "empty.csv", "c.zip"]


@pytest.mark.parametrize("name", ["../../evil.csv", "/etc/evil.csv", "..\\evil.csv", "C:\\evil.csv", "a" * 300])
def test_a_member_name_is_a_label_and_no_path(tmp_path: Path, name: str) -> None:
    before = set(tmp_path.parent.rglob("*"))
    found, contents = read(tmp_path, archive({name: TABLE}))
    assert contents == [TABLE]
    assert found.texts[0].member == name
    assert {path.name for path in set(tmp_path.parent.rglob("*")) - before} == {"raw.csv", "scratch"}


def test_archives_without_a_text_are_refused(tmp_path: Path) -> None:
    assert "holds no file" in refusal(tmp_path, archive({}))
    assert "it is a PDF" in refusal(tmp_path, archive({"a.pdf": b"%PDF-1.4 x", "b": b""}))


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    packed = bytearray(archive({"secret.csv": TABLE}))
    packed[6] |= 1
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    assert "'secret.csv' in the zip archive is encrypted" in refusal(tmp_path, bytes(packed))


def test_one_text_is_asked_for(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.write_bytes(archive({"a": TABLE, "b": TABLE}))
    with pytest.raises(ContentUnreadable, match="2 files"), plain_text(raw, tmp_path, "abc", lambda: None):
        pass


@pytest.mark.parametrize(
    "content", [TABLE * 400_000, gzip.compress(TABLE * 400_000, mtime=0), (TABLE * 400_000).decode().encode("utf-16")]
)
def test_check_is_called_for_every_mebibyte_and_may_cancel(tmp_path: Path, content: bytes) -> None:
    calls: list[None] = []
    read(tmp_path, content, lambda: calls.append(None))
    assert len(calls) >= len(TABLE) * 400_000 // (1 << 20)

    def cancel() -> None:
        raise StageCancelled

    with pytest.raises(StageCancelled):
        read(tmp_path, content, cancel)
    assert not list((tmp_path / "scratch").iterdir())


@pytest.mark.parametrize("content", [TABLE, gzip.compress(TABLE, mtime=0), TABLE.decode().encode("utf-16")])
def test_a_file_that_changes_meanwhile_is_read_again_later(tmp_path: Path, content: bytes) -> None:
    raw = tmp_path / "raw.csv"
    raw.write_bytes(content)
    with pytest.raises(FileUnreadable, match="changed"), plain_texts(raw, tmp_path, "abc", lambda: None):
        raw.write_bytes(content + content)
    assert list(tmp_path.iterdir()) == [raw]
