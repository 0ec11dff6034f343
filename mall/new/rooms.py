"""The files of a new service, from the templates beside this module."""

from pathlib import Path
from string import Template

from mall.new.names import Named

TEMPLATES = Path(__file__).with_name("templates")
ROOMS = ("__init__", "__main__", "app", "domain", "handlers", "ports", "repository", "settings", "use_cases", "views")
TESTS = ("test_domain", "test_http")


def written(service: Named) -> dict[str, str]:
    """Path in the checkout → text."""
    places = {"contract": f"contracts/{service.name}.py"}
    places |= {room: f"svc_{service.name}/{room}.py" for room in ROOMS}
    places |= {test: f"tests/svc_{service.name}/{test}.py" for test in TESTS}
    return {path: _filled(template, service) for template, path in places.items()}


def _filled(template: str, service: Named) -> str:
    text = (TEMPLATES / f"{template}.tmpl").read_text(encoding="utf-8")
    name = service.name
    return Template(text).substitute(name=name, Name=name.capitalize(), NAME=name.upper(), port=service.port)
