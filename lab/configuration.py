"""The configuration files of the lab's PBX, from the templates in `lab/conf`.

Comes in: a `Layout` (folders, ports, phones, what the caller adds). Goes out: file name -> text. Pure but for reading
the templates. A token is written `@NAME@`; Asterisk's own `${…}` stays as it is.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

DESKS = ("deska", "deskb", "deskc", "deskd")
TRUNKS = ("trunk", "trunkinfo")
TECHNOLOGY = {"pjsip": "PJSIP", "sip": "SIP"}
_SHARED = (
    "asterisk.conf", "logger.conf", "manager.conf", "modules.conf", "rtp.conf", "features.conf", "queues.conf",
    "voicemail.conf", "cel.conf", "cel_custom.conf", "cdr.conf", "musiconhold.conf", "indications.conf", "http.conf",
    "extensions.conf",
)  # fmt: skip
_EMPTY = ("acl.conf", "ccss.conf", "pjproject.conf", "udptl.conf")  # their absence is logged as an error


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One phone as the PBX knows it: `deska2` is desk A of the set of phones with the suffix `2`."""

    name: str
    site: str
    port: int

    @property
    def is_desk(self) -> bool:
        return self.name.startswith("desk")


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything the templates ask for."""

    home: Path
    modules: Path
    data: Path
    secret: str
    ami_port: int
    ami_tls_port: int | None
    sip_port: int
    rtp_first: int
    rtp_last: int
    endpoints: tuple[Endpoint, ...]
    driver: str = "pjsip"
    timestamps: bool = True
    release: int = 22
    """Major version of Asterisk: 16 knows fewer filters and ledger rows."""
    dialplan: str = ""
    manager_users: str = ""
    extra_modules: tuple[str, ...] = ()
    sites: tuple[str, ...] = field(default=("",))


def endpoints_of(sites: Iterable[str], first_port: int) -> tuple[Endpoint, ...]:
    """Every phone of every site on a port of its own, from `first_port` upwards."""
    names = [(name + site, site) for site in sites for name in (*DESKS, *TRUNKS)]
    return tuple(Endpoint(name, site, first_port + offset) for offset, (name, site) in enumerate(names))


def render(layout: Layout) -> dict[str, str]:
    """Return every configuration file of the PBX."""
    values = _values(layout)
    files = {name: fill(_template(name), values) for name in _SHARED} | dict.fromkeys(_EMPTY, "")
    driver_file = f"{layout.driver}.conf"
    phones = (_endpoint(layout, endpoint) for endpoint in layout.endpoints)
    template = _template(f"{layout.driver}/{driver_file}")
    files[driver_file] = fill(template, {**values, "SITES": "\n".join(phones)})
    queues = (fill(_template("queue_site.conf"), {**values, "SITE": site}) for site in layout.sites)
    files["queues.conf"] = fill(_template("queues.conf"), {"SITES": "\n".join(queues)})
    files["modules.conf"] = "\n".join(_present_modules(files["modules.conf"], layout.modules)) + "\n"
    return files


def fill(template: str, values: dict[str, str]) -> str:
    """Replace each `@NAME@`; a name without a value is a mistake in the template and raises KeyError."""
    return re.sub(r"@([A-Z_]+)@", lambda token: values[token[1]], template)


def _template(name: str) -> str:
    return resources.files("lab").joinpath("conf", name).read_text()


def _values(layout: Layout) -> dict[str, str]:
    driver_modules = _template(f"{layout.driver}/modules.conf").splitlines()
    return {
        "HOME": str(layout.home),
        "MODULES": str(layout.modules),
        "DATA": str(layout.data),
        "AMI_PORT": str(layout.ami_port),
        "AMI_TLS": _tls(layout),
        "SECRET": layout.secret,
        "TIMESTAMPS": "yes" if layout.timestamps else "no",
        "TRACKER_FILTERS": "\n".join(_filters()) if layout.release >= 20 else "",
        "CEL_DTMF": ",DTMF" if layout.release >= 20 else "",
        "MANAGER_USERS": layout.manager_users,
        "SIP_PORT": str(layout.sip_port),
        "RTP_FIRST": str(layout.rtp_first),
        "RTP_LAST": str(layout.rtp_last),
        "TECH": TECHNOLOGY[layout.driver],
        "DIALPLAN": layout.dialplan,
        "DRIVER_MODULES": "\n".join([*driver_modules, *(f"load = {name}" for name in layout.extra_modules)]),
        "SITES": "",
    }


def _tls(layout: Layout) -> str:
    if layout.ami_tls_port is None:
        return ""
    keys = layout.home / "keys"
    settings = {
        "tlsenable": "yes",
        "tlsbindaddr": f"127.0.0.1:{layout.ami_tls_port}",
        "tlscertfile": keys / "ami.crt",
        "tlsprivatekey": keys / "ami.key",
    }
    return "\n".join(f"{name} = {value}" for name, value in settings.items())


def _filters() -> Iterable[str]:
    for line in _template("tracker_events.txt").splitlines():
        if line and not line.startswith(";"):
            yield f"eventfilter(name({line})) ="


def _endpoint(layout: Layout, endpoint: Endpoint) -> str:
    letter = endpoint.name.removeprefix("desk")[:1]
    number = 501 + "abcd".index(letter) if endpoint.is_desk else 0
    values = {
        "ENDPOINT": endpoint.name,
        "KIND": "desk" if endpoint.is_desk else "line",
        "SITE": endpoint.site,
        "PORT": str(endpoint.port),
        "CALLERID": f'callerid = "Desk {letter.upper()}" <{number}>' if endpoint.is_desk else "",
    }
    return fill(_template(f"{layout.driver}/endpoint.conf"), values)


def _present_modules(text: str, modules: Path) -> Iterable[str]:
    """Expand patterns and drop modules that this Asterisk does not have: one file serves several releases."""
    for line in text.splitlines():
        if not line.startswith("load = "):
            yield line
            continue
        for module in sorted(modules.glob(line.removeprefix("load = "))):
            yield f"load = {module.name}"
