"""What an officer who is no chemist needs to know beside a load: how it looks, what it does, who uses it lawfully.

Look here for: the help of the phone. Hazards are those of the public safety data of each substance (GHS). Nothing
here says how anything is made.
"""

from dataclasses import dataclass
from typing import Final

from precursor.rules.law import Words

_W = Words
_DRUM: Final = _W("桶身标签、铅封、罐体铭牌、液位", "label of the drum, seals, plate of the tank, level")
_BAG: Final = _W("袋身标签、封口、堆码与件数", "label of the bag, closure, stacking and number")
_SOLVENT: Final = _W(
    "极易燃，蒸气刺激眼和呼吸道；禁火，站上风", "highly flammable, vapour irritates; no flame, stand upwind"
)
_ACID: Final = _W(
    "强腐蚀，灼伤皮肤和眼；勿触，站上风", "strongly corrosive, burns skin and eyes; do not touch, stand upwind"
)


@dataclass(frozen=True, slots=True)
class Advice:
    """Looks, hazard, lawful uses, and what to photograph."""

    looks: Words
    hazard: Words
    uses: Words
    photograph: Words


#: By CAS number.
HANDLING: Final = {
    "108-88-3": Advice(
        _W("无色液体，芳香气味", "colourless liquid, aromatic smell"),
        _SOLVENT,
        _W("涂料、胶粘剂、溶剂", "paints, adhesives, solvent"),
        _DRUM,
    ),
    "67-64-1": Advice(
        _W("无色液体，易挥发", "colourless, volatile liquid"), _SOLVENT, _W("溶剂、清洗", "solvent, cleaning"), _DRUM
    ),
    "78-93-3": Advice(
        _W("无色液体，似丙酮气味", "colourless liquid, smells of acetone"),
        _SOLVENT,
        _W("涂料、胶粘剂", "paints, adhesives"),
        _DRUM,
    ),
    "60-29-7": Advice(
        _W("无色液体，极易挥发", "colourless, very volatile liquid"),
        _W(
            "极易燃，蒸气沿地面扩散、有麻醉性；禁火",
            "extremely flammable, vapour creeps along the ground and makes drowsy; no flame",
        ),
        _W("实验室、医药溶剂", "laboratory and pharmaceutical solvent"),
        _DRUM,
    ),
    "67-66-3": Advice(
        _W("无色重质液体，带甜味气味", "colourless heavy liquid, sweetish smell"),
        _W("吸入有害、有麻醉性；通风，勿久留", "harmful when inhaled, makes drowsy; air the place, do not stay"),
        _W("制冷剂原料、溶剂", "feedstock of refrigerants, solvent"),
        _DRUM,
    ),
    "7647-01-0": Advice(
        _W("无色至淡黄液体，冒白雾", "colourless to yellowish liquid, white fumes"),
        _ACID,
        _W("金属酸洗、水处理", "pickling of metal, water treatment"),
        _DRUM,
    ),
    "7664-93-9": Advice(
        _W("无色油状重液体", "colourless, oily, heavy liquid"),
        _ACID,
        _W("化肥、电池、金属处理", "fertiliser, batteries, metal treatment"),
        _DRUM,
    ),
    "108-24-7": Advice(
        _W("无色液体，强烈醋味", "colourless liquid, strong smell of vinegar"),
        _W("易燃且腐蚀，灼伤皮肤和眼", "flammable and corrosive, burns skin and eyes"),
        _W("醋酸纤维、医药、染料", "cellulose acetate, pharmaceuticals, dyes"),
        _DRUM,
    ),
    "7722-64-7": Advice(
        _W("深紫色结晶", "dark purple crystals"),
        _W("强氧化剂，与可燃物混放可起火", "strong oxidiser, may set combustible goods on fire"),
        _W("水处理、消毒", "water treatment, disinfection"),
        _BAG,
    ),
}
