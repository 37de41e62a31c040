"""Acme, #random: jokes, lunch and coffee. Parsed by `transcript.py`."""

RANDOM = """
2026-01-13 12:10 dan: First message in #random. I expected to feel something.
  + :joy: ben carla elena
2026-01-14 12:02 carla: Soup place or sandwich place?
  elena: Soup.
  dan: Soup.
2026-01-16 16:20 ben: There are two hard things: naming, cache invalidation, and off-by-one errors.
  elena: This joke is older than the building.
  ben: So is the building's wiring.
  + :joy: carla dan
2026-01-19 08:20 elena: It is snowing!
  + :snowflake: ana ben carla dan
2026-01-20 13:15 dan: Why do programmers confuse Halloween with Christmas? Because oct 31 is dec 25.
  carla: I do not get it.
  elena: Base eight.
  carla: I still do not get it, but now it is sad.
2026-01-22 11:58 carla: The Portuguese place has a new cook. We should judge him.
  ben: In.
  dan: In.
2026-01-23 09:12 dan: The coffee machine shows error 17. The manual ends at 16.
  ben: Switch it off and on again.
  dan: Error 18.
  + :coffee: ana carla
2026-01-26 15:47 ben: A SQL query walks into a bar, goes up to two tables and asks: may I join you?
  elena: And one table says: only on conditions.
  + :joy: dan
2026-01-27 12:33 carla: Whose turn is it to water the plant in the kitchen?
  dan: Ben's. The plant knows it, too.
  ben: It was dead when I met it.
2026-01-30 17:10 carla: Elena has left us her mug. It says "works on my machine".
  + :cry: ana ben dan
2026-02-03 12:01 dan: Lunch?
  carla: Five minutes.
2026-02-04 16:16 ben: How many testers does it take to change a light bulb? None, they only report that it is dark.
  dan: And that it was dark in 3.9 as well.
  + :joy: ana carla
2026-02-06 08:05 carla: The sunrise from the second floor today. No filter.
  + :heart_eyes: ana dan
  * file sunrise.jpg image/jpeg 2310442
2026-02-09 12:08 dan: Fish at the Portuguese place, it is Monday.
  ben: With you in two minutes.
2026-02-10 14:51 ben: There is no place like 127.0.0.1.
  carla: Is that where the ducks live?
2026-02-12 11:11 carla: 11:11, make a wish.
  dan: No tickets.
  dan: It worked for four minutes.
  + :sparkles: ana ben
2026-02-13 15:02 dan: Friday the 13th, and we have 400 boxes. I am not superstitious, but.
  + :package: ana carla
2026-02-16 10:19 ben: I would tell you a joke about UDP, but you might not get it.
  carla: I would tell you one about TCP, but I would have to keep telling it until you got it.
  + :joy: dan ana
2026-02-18 12:04 dan: The new coffee machine has a touch screen and an opinion.
2026-02-19 17:20 carla: Somebody has put a duck on every monitor of the second floor.
  ben: The ducks are moving up in the world.
  + :duck: ana dan carla
2026-02-23 12:07 carla: Bacalhau?
  dan: Always.
2026-02-24 09:33 dan: A customer wrote "your search understands me better than my family does". I am framing it.
  + :heart: carla ben
2026-02-26 13:40 ben: Found a comment in the oldest file we have: "temporary, remove by Friday". It is from 2017.
  dan: Which Friday?
  + :joy: ana carla
2026-02-27 17:01 carla: Weekend! The ducks and I are going to the sea.
  + :ocean: dan ben
"""
