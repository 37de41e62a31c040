"""Acme, #support: questions of customers. Parsed by `transcript.py`."""

SUPPORT = """
2026-01-13 11:00 dan: This channel is for questions that I cannot answer alone. One question, one thread, please.
  * pinned dan
2026-01-15 09:42 dan: Ferreira Lda asks whether invoices can be in Portuguese.
  ben: The template can, the numbers cannot: the comma is fixed.
  dan: Is that hard to change?
  ben: It comes with 4.1.
2026-01-16 15:05 dan: A customer in Oslo sees all times one hour early.
  elena: Their zone is set to London.
  dan: Solved, they were in London last year.
2026-01-20 10:31 dan: Can two people share one account? Asked three times this week.
  ana: No, but a second seat is cheap. Send them the page.
2026-01-22 13:50 dan: Somebody wants all of their data as a spreadsheet.
  elena: I can make one by hand for now.
  ben: CSV export is planned for 4.1.
  + :+1: carla
2026-01-26 11:20 dan: Bergmann GmbH cannot upload a logo.
  carla: How big is it?
  dan: 40 megabytes.
  carla: I make them a smaller one.
  dan: They love you now.
  + :heart: dan
2026-01-27 16:33 dan: Does the shop work without cookies?
  ben: Everything but the cart.
2026-01-29 10:10 dan: A teacher asks for a discount for schools.
  ana: 30 percent, tell them to write us from the school's address.
2026-02-03 09:40 dan: Nakamura & Co get "too many attempts" when they sign in.
  ben: Fourteen people behind one address. I raise their limit.
  dan: Works, thank you.
2026-02-05 13:15 dan: Where is the old settings page in 4.0?
  carla: Everything from there is under the person's own picture now.
  dan: That is not where I would look.
  carla: Nor would our customers, it seems. I add a link at the old place.
  * edited
2026-02-05 14:02 dan: "The new version is so quiet!" – first reaction to the missing pop-ups. I take it as praise.
  + :joy: ana carla ben
2026-02-06 10:27 dan: Ruiz Hermanos cannot print labels since yesterday.
  ben: Which browser?
  dan: One from 2019.
  ben: Then they have to update, sorry.
  dan: They did, it prints.
2026-02-09 15:18 dan: A customer wants to delete her account and everything in it.
  ana: By the book: confirm by mail, wait seven days, then @ben runs the job.
  ben: Scheduled for the 16th.
  ben: Ran this morning, confirmation sent.
2026-02-10 09:05 dan: Question of the day: "Is there an app for my fridge?"
  + :joy: ana ben carla
2026-02-11 08:40 dan: All 14 tickets about sign-in are answered. Two people wrote back just to say thanks for the honest answer.
  + :+1: ana ben carla
2026-02-12 11:48 dan: Oyelaran Ltd ask for an invoice of 2023.
  ana: In the archive, I send it to you.
  * file invoice-2023-118.pdf application/pdf 88214
2026-02-13 10:02 dan: How do I explain "webhook" in one sentence?
  ben: A letter that our server writes to yours whenever something happens.
  dan: Stolen for the help pages.
  + :bulb: carla
2026-02-16 13:37 dan: Three customers see dates as month first and are confused.
  ben: Own date formats come tomorrow with 4.1.
  dan: I tell them tomorrow, then.
2026-02-17 15:44 dan: First CSV export by a customer: 18,230 rows, no complaint.
  + :tada: ben carla
2026-02-18 09:58 dan: Can the CSV have semicolons? Excel in Germany wants them.
  ben: Choose "Excel" instead of "CSV" in the same menu.
  dan: It was in front of me all the time.
2026-02-19 14:26 dan: Somebody pasted a whole password into a ticket. I removed it and told him to change it.
  ana: Exactly right.
2026-02-20 10:15 dan: Bergmann GmbH again: may they have our logo for their trade fair?
  carla: Sent, in three sizes.
2026-02-23 11:32 dan: A customer reads us with a screen reader: the search box has no name.
  carla: Fixed in the prototype, it will be in 4.2.
  ben: I take it into today's patch, it is one line.
  + :+1: dan carla
2026-02-24 16:08 dan: She just wrote that the search box has a name now. Same day!
  + :heart: ana ben carla
2026-02-25 10:49 dan: Does a refund also give back the fee?
  ana: Yes, always.
2026-02-26 12:20 dan: What do we say about the status page that people want to subscribe to?
  ana: That we hear them. I bring it up in the planning.
2026-02-27 15:55 dan: Queue is empty. I repeat: the queue is empty.
  + :tada: ana ben carla
"""
