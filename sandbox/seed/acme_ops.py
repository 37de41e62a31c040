"""Acme, #ops: deployments posted by the API app's bot, and incidents with their threads. Parsed by `transcript.py`."""

OPS = """
2026-01-14 14:55 ben: Starting the 3.9 rollout.
2026-01-14 15:11 ben: Rollout finished, error rate 0.02 %.
2026-01-20 03:14 ben: Disk of the log machine at 91 %. Deleted everything older than 30 days, now 54 %.
  ana: Please write me a ticket so that this happens by itself.
  ben: Written.
2026-01-22 16:31 ben: 3.10 rollout done in 12 minutes.
2026-01-28 21:58 ben: Shop is read only. Moving the database.
2026-01-28 22:06 ben: Replica has caught up, switching over.
2026-01-28 22:08 ben: Switched. Writes are on. The old machine stays up for a week.
  + :muscle: ana
2026-02-02 10:30 bot: Deployment of web 3.10.2 finished in 8 min 12 s.
  ben: That was the API bot with my key. No more copying by hand.
  + :tada: ana
2026-02-02 16:02 bot: Deployment of worker 3.10.2 finished in 2 min 40 s.
2026-02-03 09:00 bot: Backup of 3 databases finished: 41.2 GB in 18 min.
2026-02-03 11:21 bot: Deployment of web 3.10.3 failed in step "migrate": lock timeout after 30 s.
  ben: A report was running. Trying again at noon.
  ana: Should a deployment not wait for reports?
  ben: It should. Noted for the pipeline.
2026-02-03 12:04 bot: Deployment of web 3.10.3 finished in 7 min 58 s.
2026-02-04 09:00 bot: Backup of 3 databases finished: 41.3 GB in 18 min.
2026-02-05 10:04 ben: 4.0 begins. Rollback point is set.
  * pinned ben
2026-02-05 10:19 bot: Deployment of web 4.0.0 to canary finished in 9 min 3 s.
2026-02-05 10:31 ben: Canary is clean for ten minutes, going on.
2026-02-05 10:46 bot: Deployment of web 4.0.0 finished in 12 min 27 s.
  + :rocket: ana ben
2026-02-05 11:02 bot: Deployment of worker 4.0.0 finished in 2 min 51 s.
2026-02-06 09:00 bot: Backup of 3 databases finished: 42.0 GB in 19 min.
2026-02-06 14:37 bot: Alert: response time of /search above 800 ms for 5 min.
  ben: One customer searches for a single letter, thousands of times.
  ben: Limited to 30 searches a minute for each account.
  bot: Resolved: response time of /search is 140 ms.
  + :eyes: ana
2026-02-09 09:00 bot: Backup of 3 databases finished: 42.4 GB in 19 min.
2026-02-10 10:12 bot: Deployment of web 4.0.1 finished in 8 min 20 s.
2026-02-11 07:41 bot: Alert: error rate of sign-in is 49.8 %.
  ben: On it, see the thread in #general.
  ben: Certificate of auth-2 ended today at 07:38.
  ana: Severity 2?
  ben: Yes. Half of the sign-ins, nothing lost.
  ben: New certificate in place at 08:14, both restarted at 08:16.
  bot: Resolved: error rate of sign-in is 0.1 %.
  ana: Report until tomorrow, please.
  ben: https://wiki.acme.test/incidents/2026-02-11
  * pinned ana
  * link https://wiki.acme.test/incidents/2026-02-11 | Incident of 11 February 2026 | Sign-in, 38 minutes, severity 2.
2026-02-11 13:30 ben: New check: every certificate on every machine, warning 21 days ahead. It found two more at once.
  ana: How urgent?
  ben: 40 and 55 days. Renewed both anyway.
  + :+1: ana
2026-02-12 09:00 bot: Backup of 3 databases finished: 42.9 GB in 20 min.
2026-02-13 15:48 bot: Deployment of web 4.0.2 finished in 8 min 9 s.
2026-02-16 04:22 bot: Alert: queue "mail" has 1,204 waiting messages.
  ben: The mail provider was away from 04:10 to 04:50, nothing on our side.
  bot: Resolved: queue "mail" is empty.
2026-02-16 09:00 bot: Backup of 3 databases finished: 43.5 GB in 20 min.
2026-02-17 13:59 ben: 4.1 begins.
2026-02-17 14:14 bot: Deployment of web 4.1.0 finished in 9 min 55 s.
2026-02-17 14:20 bot: Deployment of worker 4.1.0 finished in 2 min 44 s.
2026-02-18 10:40 ana: What would it cost to keep the old database machine as a warm spare?
  ben: 84 a month. I would.
  ana: Then do.
2026-02-19 09:00 bot: Backup of 3 databases finished: 44.1 GB in 20 min.
2026-02-20 11:05 bot: Alert: a restore test of last night's backup failed: checksum of table "sessions" differs.
  ben: Sessions are written while the backup runs. Everything else restored.
  ana: Is that fine?
  ben: Sessions can be lost, people sign in again. I leave the table out of the backup.
2026-02-23 09:00 bot: Restore test of last night's backup passed: 43 tables, 22 min.
  + :white_check_mark: ana ben
2026-02-24 15:30 bot: Deployment of web 4.1.1 finished in 8 min 2 s.
2026-02-25 09:00 bot: Backup of 3 databases finished: 44.8 GB in 20 min.
2026-02-26 17:12 bot: Deployment of web 4.2.0-rc1 to staging finished in 6 min 30 s.
2026-02-27 10:05 ben: The migration of 4.2 takes 70 seconds on a copy of the real data. No read-only time needed.
  ana: Very good.
2026-02-27 12:01 bot: Branch release-4.2 is frozen.
2026-03-01 09:00 bot: Backup of 3 databases finished: 45.3 GB in 21 min.
"""
