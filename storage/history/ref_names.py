"""Names of branches and tags beside each other: two that a person or a disk takes for one are not both taken.

What one name alone must be, `refs.check_name` says. Names of genes and pathways are the user's, and are left alone.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from ...engine.errors import Conflict, FormatError, InputError
from ..files import layout
from .refs import LOOKS_LIKE_ID, LOOKS_LIKE_VERSION, check_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .refs import Refs

SHAPES: dict[int, str] = {
    ord(letter): group[0]
    for group in (  # noqa: SIM905  a hundred literals would be no table
        "2ƧϨᒿꙄꛯꝚ 3ƷȜЗӠⳌꝪꞫ𑣊𖼻 4Ꮞ𑢯 5Ƽ𑢻 6бᏮⳒ𑣕 7𐓒𑣆 8Ȣȣ৪੪𐌚 9৭੧୨൭ⳊꝮ𑢬𑣌𑣖 AᎪᗅꓮ𐊠𖽀 BᏴᗷꓐꞴ𐊂𐊡𐌁 CᏟⲤꓚ𐊢𐌂𐐕𐔜𑣩𑣲 DᎠᗞᗪꓓ EᎬⴹꓰ𐊆𑢦𑢮 "
        "FϜᖴꓝꞘ𐊇𐊥𐔥𑢢𑣂 GԌᏀᏳꓖ HΗᎻᕼⲎꓧ𐋏 IᛁⲒⵏꓲ𐊊𐌉𐌠 JᎫᒍꓙꞲ KᏦᛕⲔꓗ𐔘 LᏞᒪⳐꓡ𐐛𐔦𑢣𑢲𖼖 MϺᎷᗰᛖⲘꓟ𐊰𐌑 NΝⲚꓠ𐔓 O০ଠ୦ዐⲞⵔ〇ꓳ𐊒𐊫𐐄𐓂𐔖𑓐𑢵𑣠 PᏢᑭⲢꓑ𐊕 "
        "Qⵕ RƦᎡᏒᖇꓣ𐒴𖼵 SՏᏕᏚꓢ𐊖𐐠𖼺 TᎢⲦꓔ𐊗𐊱𐌕𑢼𖼊 Uሀᑌꓴ𐓎𑢸𖽂 V۷Ꮩᐯⴸꓦꛟ𐔝𑢠𖼈 WᎳᏔꓪ𑣦𑣯 XᚷⲬⵝꓫꞳ𐊐𐊴𐌗𐌢𐔧𑣬 YΥҮᎩᎽⲨꓬ𐊲𑢤𖽃 ZᏃꓜ𐋵𑢩𑣥 bƄᏏᑲᖯ cᴄⲥꮯ𐐽 "
        "dᏧᑯꓒ eҽꬲ fքẝꞙꬵ gƍᶃ hᏂ iɪӏᎥꙇꭵ𑣃 lƖǀ۱𖼨 nռ oσ۵०੦૦௦౦೦ഠ൦๐໐ဝ၀ჿᴏᴑⲟꬽ𐐬𐓪𑣈𑣗 pⲣ qգ rᴦⲅꭇꭈꮁ sƽꜱꮪ𐑈𑣁 uʋᴜꞟꭎꭒ𐓶𑣘 vᴠꮩ𑜆𑣀 "
        "wɯѡաᴡꮃ𑜊𑜎𑜏 xᕁᕽ yɣʏүყᶌỿꭚ𑣜 zᴢꮓ𑣄"
    ).split()
    for letter in group[1:]
}
"""Letters and digits that look like one of ASCII, the first of their group, in Unicode's list (UTS 39): those whose
small letters do not, and what other scripts have."""

ALIKE: dict[int, str] = {
    ord(pair[0]): pair[1]
    for pair in (  # noqa: SIM905  a hundred literals would be no table
        # Cyrillic, Greek, Armenian, and Latin beyond ASCII; either case may be the one that is alike.
        "аa бb вb гr еe зe іi јj кk мm нh оo пn рp сc тt уy хx ѕs ԁd ԛq ԝw һh ѵv ӏl ьb "
        "αa βb γy εe ζz ηn ιi κk μm νv οo ρp τt υu χx ωw ϲc ϳj "
        "օo ոn սu հh յj ցg զq ıi ɑa ɡg ɩi ʋv"
    ).split()
}
"""Small letters that look like one of ASCII, by that: those of Unicode's list that words are written with."""

DIGITS = {ord("0"): "o", ord("1"): "l"}
"""Digits that look like small letters."""

UPRIGHT = {ord("0"): "O", ord("1"): "l", ord("I"): "l"}
"""What looks like another of ASCII in most letters on screens."""


def check_new_names(names: Iterable[str], standing: Iterable[str]) -> None:
    """Refuse names of branches and tags that are new beside others, where two would be taken for one.

    Parameters
    ----------
    names : iterable of str
        The new ones.
    standing : iterable of str
        All that are there already; of those, one may look like another.

    Raises
    ------
    InputError
        A name is none, is not in Unicode's form NFC, or looks like HEAD, a version or an id.
    Conflict
        A name differs from another by upper and lower case alone, or looks like it.
    """
    known = {look: name for name in standing for look in _looks(name)}
    for name in names:
        if unicodedata.normalize("NFC", check_name(name)) != name:
            raise InputError(
                f"{name!a} cannot name a branch or tag: the letters of {name!r} are not in Unicode's form NFC.",
                hint="Write each letter with its accent as one character.",
            )
        if not name.isascii() and _is_reserved(skeleton := _skeleton(name)):
            raise InputError(f"{_shown(name)} cannot name a branch or tag: it can be taken for {skeleton!r}.")
        if (other := next((known[look] for look in _looks(name) if look in known), name)) != name:
            how = "differs by case alone from" if other.casefold() == name.casefold() else "can be taken for"
            raise Conflict(
                f"The name {_shown(name)} {how} {_shown(other)}, which there is.",
                code="name-alike",
                facts={"name": name, "other": other},
            )
        known.update(dict.fromkeys(_looks(name), name))


def _shown(name: str) -> str:
    """Return a name in quotes, and with the numbers of its letters where they are not all ASCII."""
    return f"{name!r}" if name.isascii() else f"{name!r} ({name!a})"


def check_kinds(refs: Refs) -> None:
    """Refuse refs among which a branch and a tag have one name, as can only be where another program has written.

    Raises
    ------
    FormatError
        Two have.
    """
    if (both := next((name for name in refs.branches if name in refs.tags), None)) is not None:
        raise FormatError(f"There are a branch and a tag that are both named {both}.")


def _is_reserved(skeleton: str) -> bool:
    """Return whether what looks like a name in small letters is read as HEAD, a version or an id."""
    patterns = (LOOKS_LIKE_VERSION, LOOKS_LIKE_ID)
    return skeleton == layout.HEAD.lower() or any(pattern.fullmatch(skeleton) for pattern in patterns)


def _looks(name: str) -> tuple[str, str]:
    """Return what a name looks like in any case and as it is, the digits 0 and 1 as letters.

    Two that have either in common are taken for one: `Main` and `main`, `rep0` and `repO`, `runI` and `runl`.
    """
    shapes = unicodedata.normalize("NFKC", name).translate(SHAPES)
    return _skeleton(name).translate(DIGITS), "as it is: " + shapes.translate(ALIKE | UPRIGHT)


def _skeleton(name: str) -> str:
    """Return what a name looks like in small letters, its digits as they are."""
    shapes = unicodedata.normalize("NFKC", name).translate(SHAPES)
    return unicodedata.normalize("NFKC", shapes.casefold()).translate(ALIKE)
