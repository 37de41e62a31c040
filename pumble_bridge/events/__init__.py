"""Events for API keys that listen: stored from hooks, and delivered by `GET /listEvents`.

`contents` turns a hook into an event of the API, `listeners` knows which keys listen, `feed` stores and prunes,
`delivery` decides which key hears what, and `waiting` wakes calls that wait for the next event.
"""
