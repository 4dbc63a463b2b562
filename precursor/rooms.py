"""Every collection and every report of the API, from the rooms that own them."""

from typing import Final

from precursor.areas import api as areas
from precursor.checkpoints import api as checkpoints
from precursor.enterprises import api as enterprises
from precursor.incidents import api as incidents
from precursor.inspections import api as inspections
from precursor.movements import api as movements
from precursor.movements import stock_api as stock
from precursor.permits import api as permits
from precursor.reconciliation import api as reconciliation
from precursor.roadside import api as roadside
from precursor.substances import api as substances
from precursor.supervision import api as supervision
from precursor.tokens import api as tokens
from precursor.trade import api as trade

COLLECTIONS: Final = (
    *areas.COLLECTIONS,
    *substances.COLLECTIONS,
    *enterprises.COLLECTIONS,
    *permits.COLLECTIONS,
    *movements.COLLECTIONS,
    *stock.COLLECTIONS,
    *trade.COLLECTIONS,
    *incidents.COLLECTIONS,
    *inspections.COLLECTIONS,
    *checkpoints.COLLECTIONS,
    *tokens.COLLECTIONS,
    *roadside.COLLECTIONS,
    *supervision.COLLECTIONS,
)
LISTINGS: Final = (
    *areas.LISTINGS,
    *substances.LISTINGS,
    *permits.LISTINGS,
    *stock.LISTINGS,
    *reconciliation.LISTINGS,
)
