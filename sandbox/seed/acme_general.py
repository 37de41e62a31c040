"""Acme, #general: releases, the office and an incident. Parsed by `transcript.py`."""

GENERAL = """
2026-01-13 08:45 ana: Welcome to Pumble, everybody! From today on nothing that matters is decided by mail.
  ben: Finally.
  dan: Does that include lunch?
  ana: Lunch is what #random is for.
  + :tada: ben carla dan guy
  * pinned ana
2026-01-13 10:20 carla: The brand colours are in the wiki now, please use those and no others: https://wiki.acme.test/brand
  * link https://wiki.acme.test/brand | Brand colours – Acme wiki | Six colours, their codes, and what each is for.
2026-01-14 09:05 ben: Release 3.9 goes out today at 15:00. It is small: search is faster, nothing looks different.
  + :+1: ana carla dan
2026-01-14 15:12 ben: 3.9 is live.
  + :rocket: ana dan
2026-01-15 11:30 elena: The import of the old customer list is through, 4,812 rows, 9 of them odd. I put those in a sheet.
  dan: I take the odd ones.
  elena: Thank you!
2026-01-16 13:00 ana: All hands today at 14:00 in the big room. Guy joins by video.
  guy: I am there.
2026-01-19 09:15 dan: Support was quiet over the weekend: 11 tickets, 10 answered.
2026-01-19 09:17 ana: And the eleventh?
  dan: Wants a fax number. I am still thinking.
  + :joy: ben carla elena
2026-01-20 10:02 guy: First sketches of the new packaging. Cardboard only, no plastic any more.
  carla: The one with the window is lovely.
  guy: Without plastic the window is just a hole, you know?
  carla: Then the second one.
  + :heart: ana carla
  * file packaging-v1.png image/png 1204883
2026-01-21 08:55 ana: The heating engineer comes tomorrow between 8 and 12. Somebody please let him in.
  ben: I am in from 7.
2026-01-22 16:40 ben: Release 3.10 is out. And no, it is not older than 3.9.
  dan: A customer asked exactly that ten minutes ago.
  + :joy: ana carla elena
  * edited
2026-01-23 12:00 ana: Reminder: time sheets until tonight.
2026-01-26 09:30 carla: New form for customer feedback is live, three questions instead of fourteen.
  + :clap: ana dan
2026-01-26 17:05 dan: 23 answers on the first day. We used to get two a week.
  + :tada: ana carla ben
2026-01-27 10:10 ana: We are looking for a second support person. If you know somebody, tell @dan.
2026-01-28 14:00 ben: Elena and I move the database to the new machine tonight at 22:00. Read only for about ten minutes.
  dan: I put a note on the status line of the shop.
  elena: Dry run took 7 minutes.
2026-01-28 22:31 ben: Done, 8 minutes.
  + :muscle: ana elena dan
2026-01-29 09:00 ana: Thank you both for the late shift. Come in whenever you like today.
2026-01-30 15:30 elena: Today is my last day here. Thank you for three good years, I will miss the view, and the soup place.
  ana: We will miss you more than the soup does.
  carla: Come by for lunch, any Monday.
  dan: Who will explain regular expressions to me now?
  ben: Nobody can. Elena just made it look that way.
  + :heart: ana ben carla dan guy
2026-02-02 10:12 ana: There is an API app in this workspace now: with a key of your own, scripts can write here in your name.
  ben: The deploy notices in #ops come through it from today.
  carla: Can I get a key as well?
  ana: Type /api-keys and follow what it says.
  * pinned ana
2026-02-03 08:50 ben: Release 4.0 is planned for Thursday. Freeze is tomorrow at noon.
2026-02-03 08:58 carla: One text in the settings is still a placeholder, I fix that before noon.
2026-02-04 12:00 ben: Frozen.
  + :snowflake: ana carla dan
2026-02-05 10:05 ben: 4.0 is going out now.
2026-02-05 10:48 ben: 4.0 is live! Release notes: https://acme.test/releases/4.0
  ana: Three months of work. Cake at 15:00.
  dan: Already two thank-you mails.
  + :rocket: ana carla dan guy
  + :cake: dan carla
  * link https://acme.test/releases/4.0 | Acme 4.0 | New settings, a faster search, and an end to pop-ups.
2026-02-06 09:20 dan: Top three questions after 4.0: where did the pop-ups go, where is the old settings page, can I have the old pop-ups back.
  carla: I add a line to the help for the first two.
  dan: And the third?
  carla: No.
2026-02-09 08:40 ana: Office plan: from March on we have the second floor as well. Who wants to sit where? Plan attached.
  carla: By the window, please.
  ben: Not by the coffee machine. It is louder than the servers.
  * file office-plan.pdf application/pdf 482113
2026-02-10 11:15 guy: Samples of the boxes arrive on Friday. Who signs for them?
  dan: I do.
2026-02-11 07:52 dan: Several customers cannot sign in since about 07:40. They get "something went wrong". Is anything going on?
  ben: Looking.
  ben: I see it too: every second attempt fails.
  dan: 6 tickets so far.
  ana: Do you need me?
  ben: Not yet. One of the two sign-in servers answers with an error.
  carla: Shall I put up the maintenance page?
  ben: No, half of the attempts work. Tell people to try again.
  dan: Done, the canned answer is up.
  dan: 11 tickets.
  ben: Found: the certificate between the two servers ran out at 07:38.
  ana: Which one? We renewed all of them in January.
  ben: All but this one. It was made by hand in 2024 and is not in the list.
  ben: Making a new one now.
  carla: Is this the machine that moved with the database?
  ben: Yes. The old address was in the list, the new one was not.
  dan: 14 tickets, but they are getting fewer.
  ben: New certificate is on the machine, restarting.
  ben: Restarted. Both answer.
  dan: I can confirm: ten attempts, ten times in.
  ana: How long was it in all?
  ben: 07:38 to 08:16. 38 minutes, half of the sign-ins.
  dan: I answer all 14 now. May I say what it was?
  ana: Yes. An expired certificate, our fault, and that a check for it is on its way.
  ben: The check is written: it warns 21 days ahead, for every certificate it finds and not only for those in the list.
  ana: Thank you. I write the report for the board.
  + :eyes: ana ben carla
  * pinned ben
2026-02-12 09:00 ana: Short version of yesterday: 38 minutes, half of the sign-ins failed, an expired certificate. Details in the wiki.
  + :+1: ben carla dan
2026-02-13 14:10 dan: The boxes are here. They are beautiful, and there are 400 of them.
  ana: We ordered 40.
  guy: I call the printer.
  + :package: carla ben
2026-02-16 10:30 carla: User interviews this week: five people, thirty minutes each. Who wants to listen in?
  dan: Me, whenever there is no queue.
  ben: Wednesday.
2026-02-17 09:10 ben: Release 4.1 today at 14:00: export as CSV, and dates in your own format.
2026-02-17 14:16 ben: 4.1 is live.
  dan: The CSV export is the most asked-for thing of the last half year. Thank you!
  + :tada: ana carla dan
2026-02-18 16:20 carla: What we learned in the first three interviews: nobody reads tooltips, everybody searches.
  * edited
2026-02-19 11:45 ana: Please book your March holidays until the end of next week.
2026-02-20 17:30 ana: The board has agreed to the second support person! Interviews begin on Monday.
  + :tada: dan carla ben
2026-02-23 08:35 dan: Good week ahead: 4 tickets in the queue, oldest from last night.
2026-02-24 10:00 guy: New delivery date for the right number of boxes: 2 March. The printer keeps the other 360.
2026-02-25 13:25 carla: Prototype of the empty states, click through it and be honest: https://proto.acme.test/empty
  ben: Honest: the one for search made me laugh.
  dan: Customers will write to us only to tell us that.
  + :sparkles: ana
2026-02-26 15:00 ben: Freeze for 4.2 is tomorrow at noon. What is not merged by then waits for 4.3.
2026-02-27 12:00 ben: Frozen. Release on Monday at 14:00.
  + :snowflake: ana carla
2026-02-27 16:45 ana: Have a good weekend, all. On Monday I am at the dentist until two, Ben has the keys.
  + :wave: ben carla dan guy
"""
