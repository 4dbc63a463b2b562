"""Reports, key sites, equipment: what the county is told and looks after."""
