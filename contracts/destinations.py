"""Where the mall delivers to: the countries, and the one look that every service takes at an address. Pure."""

from contracts.checkout_types import Address, AddressInvalid

_CODES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD "
    "CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF "
    "GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN "
    "KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA "
    "NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI "
    "SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI "
    "VN VU WF WS YE YT ZA ZM ZW"
)
ISO_3166 = frozenset(_CODES.split())
"""Alpha-2 codes."""
WRITTEN_OUT = {
    "USA": "US", "UNITED STATES": "US", "UNITED STATES OF AMERICA": "US", "CHN": "CN", "CHINA": "CN", "中国": "CN", "中國": "CN",
    "GBR": "GB", "UK": "GB", "UNITED KINGDOM": "GB", "GREAT BRITAIN": "GB", "DEU": "DE", "GERMANY": "DE", "FRA": "FR", "FRANCE": "FR",
    "CAN": "CA", "CANADA": "CA", "AUS": "AU", "AUSTRALIA": "AU", "JPN": "JP", "JAPAN": "JP", "IND": "IN", "INDIA": "IN",
    "ESP": "ES", "SPAIN": "ES", "ITA": "IT", "ITALY": "IT", "NLD": "NL", "NETHERLANDS": "NL", "BRA": "BR", "BRAZIL": "BR",
    "SGP": "SG", "SINGAPORE": "SG", "HKG": "HK", "HONG KONG": "HK", "TWN": "TW", "TAIWAN": "TW", "KOR": "KR", "SOUTH KOREA": "KR",
}  # fmt: skip
"""What people write instead of a code."""


def deliverable(sent: Address) -> Address:
    """The address as it stands on a label: without spaces around, the country as alpha-2 code. Raises AddressInvalid, naming the field."""
    text = {"street_address": sent.street_address, "city": sent.city, "zip_code": str(sent.zip_code)}
    for field, value in text.items():
        if not value.strip():
            raise AddressInvalid(f"{field} is empty", field=field)
        if not value.isprintable():
            raise AddressInvalid(f"{field} has characters that cannot be printed on a label", field=field)
    if not sent.state.isprintable():
        raise AddressInvalid("state has characters that cannot be printed on a label", field="state")
    wanted = sent.country.strip().upper()
    country = WRITTEN_OUT.get(wanted, wanted)
    if country not in ISO_3166:
        raise AddressInvalid("country is not one that the mall delivers to: send its ISO 3166-1 code", field="country")
    words = {name: value.strip() for name, value in text.items()}
    return Address(**words, state=sent.state.strip(), country=country)
