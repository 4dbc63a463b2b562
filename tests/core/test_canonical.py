"""Our canonical form is RFC 8785 for what audit entries hold."""

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from precursor.core import canonical

names = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"]))
)


@given(st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(names, inner), max_leaves=20))
def test_it_is_what_the_package_writes(value):
    assert canonical.encode(value).encode() == rfc8785.dumps(value)
