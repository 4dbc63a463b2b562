"""Every table of the product, loaded: for migrations and for engines that guard them."""

# ruff: noqa: F401 - importing is the purpose
import precursor.accounts.models
import precursor.api.idempotency
import precursor.areas.models
import precursor.audit.models
import precursor.checkpoints.models
import precursor.enterprises.models
import precursor.incidents.models
import precursor.inspections.models
import precursor.ledger.models
import precursor.movements.models
import precursor.permits.models
import precursor.reconciliation.models
import precursor.roadside.models
import precursor.substances.models
import precursor.supervision.models
import precursor.tokens.models
import precursor.trade.models
