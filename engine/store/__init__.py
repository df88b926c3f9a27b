"""Where contacts, journeys, effects and the journal stand."""
