"""What a text's structure is found to be: dialect, header, notes, tables. `bench/dirty` has the same on whole files."""

import pytest

from quarterhour.stages.translator.structure.layout import Layout, find_layout, sample_rows


def laid_out(*lines: str, line_end: str = "\n") -> tuple[Layout, list[list[str]]]:
    text = "".join(line + line_end for line in lines).encode()
    layout = find_layout(text, True)
    return layout, sample_rows(text, layout, 100, is_whole=True)


@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        # Signs that stand in every value, but not in the header.
        (["movie,genres,rating", "A,Action|Drama|War,7.5", "B,Action|Drama|Fun,8.1", "C,Fun|Art|War,6.0"], ","),
        (["id,tags", "1,a;b;c", "2,d;e;f", "3,g;h;i"], ","),
        (["pos,v", "52°1'N 13°2'E,1", "53°4'N 10°5'E,2", "48°8'N 11°5'E,3"], ","),
        (["a|~|b|~|c", "1|~|x|~|2.5", "2|~||~|3.5"], "|~|"),
        (["a@#@b@#@c", "1@#@x@#@2.5", "2@#@@#@3.5"], "@#@"),
        (["a;;b;;c", "1;;x;;2.5", "2;;;;3.5"], ";;"),
        (["a;;b", "1;;2.5", "2;;3.5"], ";"),
    ],
)
def test_the_delimiter_is_what_parts_every_line(lines: list[str], delimiter: str) -> None:
    layout, _ = laid_out(*lines)
    assert layout.dialect.delimiter == delimiter
    assert layout.has_header


def test_carriage_returns_end_records_also_where_all_fields_are_quoted() -> None:
    layout, rows = laid_out('"a","b"', '"1","x, y"', '"2","z"', line_end="\r")
    assert layout.names == ("a", "b")
    assert rows == [["1", "x, y"], ["2", "z"]]


def test_quotes_within_every_quoted_field_hide_no_delimiter() -> None:
    layout, rows = laid_out("id,title,year", *(f'{i},"The "red" one",{1990 + i}' for i in range(5)))
    assert layout.names == ("id", "title", "year")
    assert rows[0] == ["0", 'The "red" one', "1990"]


def test_lines_that_frame_and_rule_a_table_are_no_columns_and_no_records() -> None:
    bar = "+----+-------+-------+"
    layout, rows = laid_out(bar, "| id | name  | score |", bar, "|  1 | Ann   |  2.50 |", "|  2 | Bo    |  3.50 |", bar)
    assert layout.names == ("id", "name", "score")
    assert rows == [["1", "Ann", "2.50"], ["2", "Bo", "3.50"]]
    assert [note.kind for note in layout.notes] == ["rule", "rule", "rule"]


def test_empty_columns_without_names_at_the_end_are_left_out_and_one_in_the_middle_stays() -> None:
    assert laid_out("a,b,,,", "1,x,,,", "2,y,,,")[0].names == ("a", "b")
    assert laid_out("a,,b", "1,,2.5", "2,,3.5")[0].names == ("a", "column_2", "b")
    assert laid_out("a,b,", "1,x", "2,y")[0].names == ("a", "b")


def test_a_header_one_name_short_lacks_the_first_only_where_that_column_names_the_rows() -> None:
    assert laid_out("a,b,c", "r1,1,2.5,x", "r2,1,3.5,y", "r3,2,3.5,x")[0].names == ("column_1", "a", "b", "c")
    names = laid_out("country,year,v", "Peru,1990,2.5,x", "Peru,1991,3.5,x", "Chad,1990,4.5,y")[0].names
    assert names == ("country", "year", "v", "column_4")


def test_comments_may_begin_with_a_semicolon_unless_it_is_the_delimiter() -> None:
    layout, rows = laid_out("; made by R", "n,v", "1,2.5", "; half, way", "2,3.5")
    assert layout.dialect.comment == ";"
    assert rows == [["1", "2.5"], ["2", "3.5"]]
    assert laid_out("n;v", ";2.5", "2;3.5", ";4.5")[0].dialect.comment == ""


def test_keys_above_a_wider_table_are_a_preamble() -> None:
    layout, rows = laid_out(
        "Account;DE02", "", "Balance:;1.234,56", "", "day;text;sum", "2024-01-02;rent;5", "2024-01-03;tax;6"
    )
    assert layout.names == ("day", "text", "sum")
    assert len(rows) == 2
    assert [note.kind for note in layout.notes] == ["preamble", "preamble"]


def test_a_second_table_that_follows_at_once_is_another() -> None:
    lines = [*(f"x{i},{i}.5" for i in range(5)), "id,day,who", "1,2024-01-02,Ann", "2,2024-01-03,Bo"]
    layout, rows = laid_out("name,v", *lines)
    assert layout.next_table == 7
    assert len(rows) == 5


@pytest.mark.parametrize("last", ["Razem,,30.75", "合計,,30.75", "Average,10.25,2"])
def test_sums_and_means_below_the_records_are_no_record(last: str) -> None:
    layout, rows = laid_out("name,v,n", "a,10.25,1", "b,5.25,2", "c,15.25,3", last)
    assert len(rows) == 3
    assert layout.end is not None


def test_numbers_that_count_up_are_names_beside_a_word() -> None:
    assert laid_out("id,1,2,3", "a,0.1,0.2,0.3", "b,0.4,0.5,0.6")[0].has_header
    assert not laid_out("a,1,2,3", "b,1,2,3", "c,1,2,3")[0].has_header
