"""`manage.py check_file`: what it prints, and its exit code."""

import io

import pytest
from django.core.management import CommandError, call_command

from connectors.exchange.layouts import GENERIC_CSV, X12_4010
from connectors.types import DocumentKind

X12 = ("--set", "layout=x12-4010", "--set", "partner_id=DEPOT3PL")
RECEIPT = (
    "ISA*00*          *00*          *ZZ*DEPOT3PL       *ZZ*RETURNSBRIDGE  *260305*1230*U*00401"
    "*000000006*0*T*>~GS*RE*DEPOT3PL*RETURNSBRIDGE*20260305*1230*6*X*004010~ST*944*0001~"
    "W17*C*20260305*WR88*RMA5001~N1*WH**92*MAIN~W07*3*EA**SK*DRESS~W13*1*EA*01**WD~W14*{}~"
    "SE*7*0001~GE*1*6~IEA*1*000000006~"
)


def run(*args):
    told = io.StringIO()
    try:
        call_command("check_file", *map(str, args), stdout=told)
    except SystemExit as ended:
        return ended.code, told.getvalue()
    return 0, told.getvalue()


def test_a_partners_file_is_told_with_the_answer_owed(tmp_path):
    file = tmp_path / "944.x12"
    file.write_text(RECEIPT.format(3))

    code, told = run(file, *X12)

    assert code == 0
    assert told.splitlines()[:4] == [
        "File 000000006 from DEPOT3PL: arrivals",
        "  Receipt WR88 for RMA5001 at MAIN, 2026-03-05",
        "    2 DRESS",
        "    1 DRESS condition 01 WD",
    ]
    assert "  AK9*A*1*1*1~" in told


def test_a_file_with_a_fault_is_told_by_its_place(tmp_path):
    file = tmp_path / "944.x12"
    file.write_text(RECEIPT.format(4))

    code, told = run(file, *X12)

    assert code == 1
    assert told.startswith("Not taken (W1401): Set 0001 (944) of group 6, segment 6: W1401")
    assert "  AK9*R*1*1*0~" in told


@pytest.mark.parametrize("layout", [GENERIC_CSV, X12_4010])
@pytest.mark.parametrize("kind", list(DocumentKind))
def test_a_sample_of_ours_is_read_as_a_partner_reads_it(tmp_path, layout, kind):
    how = ("--set", f"layout={layout}")
    is_carried = layout == GENERIC_CSV or kind in (
        DocumentKind.RETURN_AUTHORISATION,
        DocumentKind.CREDIT_MEMO,
    )
    if not is_carried:
        with pytest.raises(CommandError, match="X12 has no set for a"):
            run("--sample", kind.value, *how)
        return
    _, written = run("--sample", kind.value, *how)
    file = tmp_path / "sample"
    file.write_text(written, newline="")

    code, told = run(file, "--ours", *how)

    assert code == 0
    assert f"  {kind.value} " in told
    assert "-sample-5001-1 of " in told


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "Name a FILE to read"),
        (("nowhere.csv",), "The file cannot be read"),
        (("--sample", "credit_memo", "--set", "layout"), "not of the form NAME=VALUE"),
        (("--sample", "credit_memo", "--set", "layout=edifact"), "Layout must be one of"),
    ],
)
def test_what_cannot_be_carried_out_is_said(args, message):
    with pytest.raises(CommandError, match=message) as refused:
        run(*args)

    assert refused.value.returncode == 2
