"""Predictions are judged, failures shown, and every chart is XML."""

import re
from xml.etree import ElementTree

import pytest

from benchmarks.__main__ import HERE, SUITES
from benchmarks.charts import Bar, bars, lines
from benchmarks.config import FULL, QUICK
from benchmarks.predictions import PREDICTIONS, Prediction, Verdict
from benchmarks.report import Report
from benchmarks.results import Results

RATIO = Prediction("X", "x", "", "burst", "cpu_us", 0.35, beside="hocuspocus")
FIXED = Prediction("Y", "y", "", "many", "p99_ms", 10.0, unit="ms")
CURVE = Prediction("Z", "z", "", "growth-rooms", "cpu_us_edit", 1.2, upto=100)


def results(**figures: float) -> Results:
    """Results of the burst, by server."""
    samples = {("burst", name, 0): [{"cpu_us": value}] for name, value in figures.items()}
    return Results(samples=samples)


def judged(prediction: Prediction, found: Results, points: tuple[int, ...] = ()) -> Verdict:
    """The verdict alone."""
    return prediction.judge(found.value_at, {"growth-rooms": points}).verdict


@pytest.mark.parametrize(("ours", "verdict"), [(0.3, Verdict.HELD), (0.4, Verdict.REFUTED)])
def test_a_ratio_is_judged_in_the_same_run(ours: float, verdict: Verdict) -> None:
    found = results(**{"8gentc": ours, "hocuspocus": 1.0})
    assert judged(RATIO, found) is verdict


def test_without_one_side_nothing_is_claimed() -> None:
    assert judged(RATIO, results(hocuspocus=1.0)) is Verdict.OPEN
    assert judged(RATIO, results(**{"8gentc": 1.0})) is Verdict.OPEN
    assert judged(FIXED, Results()) is Verdict.OPEN


def test_a_fixed_bound_needs_nobody_else() -> None:
    found = Results(samples={("many", "8gentc", 0): [{"p99_ms": 12.0}, {"p99_ms": 9.0}]})
    assert judged(FIXED, found) is Verdict.REFUTED  # 10.5: the median, not the best
    found.samples["many", "8gentc", 0].append({"p99_ms": 8.0})
    assert judged(FIXED, found) is Verdict.HELD


def test_a_curve_is_judged_up_to_its_end_and_without_gaps() -> None:
    figures = {10: 50.0, 100: 59.0, 1_000: 500.0}
    found = Results(
        samples={
            ("growth-rooms", "8gentc", at): [{"cpu_us_edit": it}] for at, it in figures.items()
        }
    )
    assert judged(CURVE, found, (10, 100, 1_000)) is Verdict.HELD
    assert judged(CURVE, found, (10, 30, 100)) is Verdict.OPEN
    found.samples["growth-rooms", "8gentc", 100] = [{"cpu_us_edit": 61.0}]
    assert judged(CURVE, found, (10, 100)) is Verdict.REFUTED


def test_a_quick_run_does_not_judge_what_it_did_not_reach() -> None:
    idle = next(one for one in PREDICTIONS if one.suite == "idle")
    found = Results(samples={("idle", "8gentc", 0): [{"rss_mb": 100.0}]})
    assert idle.judge(found.value_at, {}, full=False).verdict is Verdict.SMALL
    assert idle.judge(found.value_at, {}, full=True).verdict is Verdict.HELD
    assert idle.judge(Results().value_at, {}, full=False).verdict is Verdict.OPEN


def test_every_prediction_is_about_a_figure_that_a_suite_has() -> None:
    known = {(suite.name, metric.key) for suite in SUITES for metric in suite.metrics}
    assert {(one.suite, one.key) for one in PREDICTIONS} <= known
    assert len({one.id for one in PREDICTIONS}) == len(PREDICTIONS)


def test_the_readme_tells_every_suite_and_prediction_in_order() -> None:
    readme = (HERE / "README.md").read_text()
    assert re.findall(r"^\| (P\d+) \|", readme, re.MULTILINE) == [one.id for one in PREDICTIONS]
    for suite in SUITES:
        assert f"`{suite.name}`" in readme or suite.name.startswith("growth-")


def test_the_report_shows_figures_failures_and_the_environment() -> None:
    found = results(**{"8gentc": 0.3, "hocuspocus": 1.0})
    found.failures["burst", "pycrdt-websocket", 0] = "too slow\nthe log"
    found.unfit["relay"] = "did not converge"
    report = Report(QUICK, SUITES[:1], found, {"cpu": "a processor"})
    text = report.text()
    assert "| P1 | burst: CPU per delivery <= 0.35x hocuspocus | **held** | 0.30x" in text
    assert "- cpu: a processor" in text
    assert "too slow\nthe log" in text
    assert "did not converge" in text
    assert "do not quote" in text
    assert "do not quote" not in Report(FULL, SUITES[:1], found, {}).text()


@pytest.mark.parametrize(
    ("sample", "doubt"),
    [
        ({"generator_busy": 0.9}, "1 (generator 90% busy)"),
        ({"late_ms": 70.0}, "1 (generator 70 ms late)"),
        ({"generator_busy": 0.3, "late_ms": 2.0}, "| 1 |"),
    ],
)
def test_a_generator_that_was_in_the_way_is_told(sample: dict[str, float], doubt: str) -> None:
    found = Results(samples={("burst", "8gentc", 0): [{"cpu_us": 1.0, **sample}]})
    assert doubt in Report(FULL, SUITES[:1], found, {}).text()


def test_charts_are_xml_also_without_any_figure() -> None:
    for suites, found in ((SUITES, Results()), (SUITES[:1], results(**{"8gentc": 1.0}))):
        for name, svg in Report(QUICK, suites, found, {}).charts():
            assert name.endswith(".svg")
            ElementTree.fromstring(svg)


def test_bars_stand_in_proportion_and_names_are_escaped() -> None:
    svg = bars("<both>", [Bar("a & b", 1.0), Bar("c", 2.0), Bar("d", None)], "us")
    widths = [
        float(rect.attrib["width"])
        for rect in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect")
    ]
    assert widths[2] == pytest.approx(2 * widths[1])
    assert "failed" in svg


def test_lines_take_any_number_of_points() -> None:
    for curve in ([], [(10.0, 1.0)], [(10.0, 1.0), (1_000.0, 3.0)]):
        ElementTree.fromstring(lines("title", {"one": curve}, "rooms"))
