"""The semantic model: what Power BI refuses on opening, and what analysts would miss."""

import re

import pytest
from tests.powerbi.project import MODEL, definition, listed_tables, measures, mode, source_view, tables
from tests.powerbi.tmdl import Node, normalised, split_reference, walk

TABLES = list(tables().values())
LIVE = {"Latest", "Live Bars", "Pipeline"}
DIMENSIONS = {"Date", "Symbol"}
RIGHT = {
    "VWAP": "DIVIDE([Notional], [Volume])",
    "Volume": "IF([Is Comparable] && HASONEVALUE(Daily[Symbol]), SUM(Daily[Adjusted Volume]))",
    "High": "IF(HASONEVALUE(Daily[Symbol]), MAX(Daily[Adjusted High]))",
    "Low": "IF(HASONEVALUE(Daily[Symbol]), MIN(Daily[Adjusted Low]))",
    "Coverage": "DIVIDE([Minutes Covered], [Minutes Expected])",
    "Average Trade Size": "DIVIDE([Volume], [Trades])",
}
REFERENCE = re.compile(r"(?:(?P<table>'[^']+'|\b[A-Za-z_]\w*))?\[(?P<name>[^\]]+)\]")


def by_name(table: Node) -> str:
    return table.name


@pytest.mark.parametrize("table", TABLES, ids=by_name)
def test_no_name_of_a_table_clashes_ignoring_case(table: Node) -> None:
    names = [node.name.lower() for node in table.children if node.keyword in {"measure", "column"}]
    assert len(names) == len(set(names))


def test_measure_names_are_unique_in_the_model() -> None:
    names = [measure.name.lower() for table in TABLES for measure in table.of("measure")]
    assert len(names) == len(set(names)) > 100


def test_the_model_lists_every_table_file() -> None:
    files = {path.stem for path in (MODEL / "definition" / "tables").glob("*.tmdl")}
    assert files == set(listed_tables()) == {table.name for table in TABLES}


@pytest.mark.parametrize("table", TABLES, ids=by_name)
def test_everything_is_described_and_formatted(table: Node) -> None:
    assert table.description
    for node in table.children:
        if node.keyword not in {"measure", "column"}:
            continue
        assert node.description.endswith("."), node.name
        if node.keyword == "measure":
            assert node.properties.get("displayFolder"), node.name
        elif node.properties["dataType"] in {"int64", "double", "dateTime"}:
            assert node.properties.get("formatString"), node.name


@pytest.mark.parametrize("table", TABLES, ids=by_name)
def test_no_column_sums_by_itself(table: Node) -> None:
    assert {column.properties["summarizeBy"] for column in table.of("column")} == {"none"}


def test_relationships_lead_from_a_fact_to_the_key_of_a_dimension() -> None:
    for relationship in definition("relationships").of("relationship"):
        (many, column), (one, key) = (
            split_reference(relationship.properties[end]) for end in ("fromColumn", "toColumn")
        )
        assert one in DIMENSIONS
        assert column in [node.name for node in tables()[many].of("column")]
        (target,) = [node for node in tables()[one].of("column") if node.name == key]
        assert target.is_set("isKey")


@pytest.mark.parametrize("table", [table for table in TABLES if table.name not in DIMENSIONS], ids=by_name)
def test_a_fact_with_a_symbol_or_a_date_relates_to_its_dimension(table: Node) -> None:
    related = {node.name for node in definition("relationships").of("relationship")}
    columns = {node.name for node in table.of("column")}
    if "Symbol" in columns:
        assert f"{table.name} to Symbol" in related
    if columns & {"Trading Date", "Period Start", "Week Start"}:
        assert f"{table.name} to Date" in related


def test_levels_and_sort_columns_exist() -> None:
    hierarchies = 0
    for table in TABLES:
        columns = {column.name for column in table.of("column")}
        hierarchies += len(table.of("hierarchy"))
        for node in walk(table):
            for reference in ("sortByColumn", "column"):
                if reference in node.properties:
                    assert node.properties[reference].strip("'") in columns
    assert hierarchies == 4


@pytest.mark.parametrize("table", TABLES, ids=by_name)
def test_storage_modes_are_live_where_the_page_is_live(table: Node) -> None:
    expected = "directQuery" if table.name in LIVE else "dual" if table.name in DIMENSIONS else "import"
    assert mode(table) == expected


@pytest.mark.parametrize(
    ("name", "range_filter"),
    [
        ("Bars", "each [bar_start] >= RangeStart and [bar_start] < RangeEnd"),
        (
            "Daily",
            "each [trading_date] >= DateTime.Date(RangeStart) and [trading_date] < DateTime.Date(RangeEnd)",
        ),
    ],
)
def test_the_large_facts_refresh_by_range_and_by_the_same_query(name: str, range_filter: str) -> None:
    (policy,) = tables()[name].of("refreshPolicy")
    (partition,) = tables()[name].of("partition")
    assert policy.properties["sourceExpression"] == partition.properties["source"]
    assert range_filter in partition.properties["source"]


@pytest.mark.parametrize("name", ["Bars", "Daily"])
def test_every_stored_range_is_asked_whether_it_changed(name: str) -> None:
    (policy,) = tables()[name].of("refreshPolicy")
    kept, asked = (int(policy.properties[key]) for key in ("rollingWindowPeriods", "incrementalPeriods"))
    assert policy.properties["rollingWindowGranularity"] == policy.properties["incrementalGranularity"]
    # The window that is kept has to be longer than the one that is looked at again.
    assert kept == asked + 1
    assert "List.Max(InRange[computed_at])" in policy.properties["pollingExpression"]
    assert 'Item = "fact_daily"' in policy.properties["pollingExpression"]


def test_no_other_table_refreshes_by_range() -> None:
    assert sorted(table.name for table in TABLES if table.of("refreshPolicy")) == ["Bars", "Daily"]


def test_parameters_have_the_names_and_types_that_power_bi_wants() -> None:
    types = {node.name: node.expression for node in definition("expressions").of("expression")}
    assert list(types) == ["Server", "Database", "RangeStart", "RangeEnd"]
    assert all('Type="DateTime"' in types[name] for name in ("RangeStart", "RangeEnd"))
    assert all("IsParameterQueryRequired=true" in text for text in types.values())


def test_implicit_measures_and_automatic_dates_are_off() -> None:
    text = (MODEL / "definition" / "model.tmdl").read_text(encoding="utf-8")
    assert "discourageImplicitMeasures" in text
    assert "annotation __PBI_TimeIntelligenceEnabled = 0" in text
    assert not list((MODEL / "definition" / "tables").glob("LocalDateTable_*"))
    assert tables()["Date"].properties["dataCategory"] == "Time"


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_derived_is_a_ratio_or_an_extreme_of_the_parts(name: str) -> None:
    assert normalised(measures()[name][1].expression) == normalised(RIGHT[name])


@pytest.mark.parametrize("name", measures())
def test_a_missing_scope_is_no_scope_of_its_own(name: str) -> None:
    assert not re.search(r"DISTINCTCOUNT\([^)]*Volume Scope\]", measures()[name][1].expression)


@pytest.mark.parametrize("name", ["Volume", "Volume as Traded", "Intraday Volume", "Live Volume", "Period Volume"])
def test_shares_of_different_companies_are_never_added(name: str) -> None:
    table, measure = measures()[name]
    assert f"HASONEVALUE({quoted(table)}[Symbol])" in measure.expression


@pytest.mark.parametrize("name", ["Notional", "Intraday Notional", "Live Notional"])
def test_money_of_different_currencies_is_never_added(name: str) -> None:
    table, measure = measures()[name]
    assert f"COUNTROWS(SUMMARIZE({quoted(table)}, Symbol[Currency]))" in measure.expression
    assert "_currencies = 1" in measure.expression


def test_a_sum_with_a_blank_part_is_no_whole() -> None:
    assert "NOT(ISBLANK(_regular))" in measures()["Extended Share"][1].expression


def quoted(table: str) -> str:
    return f"'{table}'" if " " in table else table


@pytest.mark.parametrize("name", measures())
def test_a_measure_names_columns_and_measures_that_exist(name: str) -> None:
    _, measure = measures()[name]
    for match in REFERENCE.finditer(re.sub(r'"[^"]*"', '""', measure.expression)):
        if match["table"] is None:
            assert match["name"] in measures(), match[0]
        else:
            table = tables()[match["table"].strip("'")]
            assert match["name"] in [column.name for column in table.of("column")], match[0]


def test_every_partition_reads_one_view_through_the_parameters() -> None:
    views = [source_view(table) for table in TABLES]
    assert len(set(views)) == len(views)
    for table in TABLES:
        (partition,) = table.of("partition")
        assert (
            "PostgreSQL.Database(Server, Database, [CreateNavigationProperties = false])"
            in partition.properties["source"]
        )
