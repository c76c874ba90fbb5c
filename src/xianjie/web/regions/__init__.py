"""The region tree 行政区划: codes with the days on which they hold."""
