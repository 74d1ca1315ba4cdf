"""A stack that was planned and never started: what is written about it, and how it is wired."""

from pathlib import Path

from marketpulse.local.blueprint import Blueprint
from marketpulse.local.credentials import load_or_create
from marketpulse.local.layout import Layout
from marketpulse.local.plan import Plan
from marketpulse.local.ports import Ports


def blueprint(state: Path, *, simulated: bool = True, ready: bool = False) -> Blueprint:
    layout = Layout(state)
    layout.prepare()
    plan = Plan(
        ports=Ports(kafka=19092, postgres=15432),
        java="/opt/java/bin/java",
        java_version=17,
        simulated=simulated,
        ready=ready,
    )
    return Blueprint(layout, plan, load_or_create(layout.secrets))
