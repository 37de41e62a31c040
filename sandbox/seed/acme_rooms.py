"""Acme's smaller channels: the board, design, a finished project and direct channels. Parsed by `transcript.py`."""

BOARD = """
2026-01-16 17:30 ana: Numbers of December: 212 customers, 9 new, 2 left. Turnover 61,400.
  ben: Servers were 3,120 of that.
2026-01-30 16:00 ana: Elena's place: I would like to fill it in the second quarter, not at once.
  ben: I can carry it until June, not longer.
2026-02-06 17:10 ana: Numbers of January: 219 customers, 11 new, 4 left. Turnover 63,950.
  ben: Servers 3,260 with both database machines.
  + :chart_with_upwards_trend: ben
  * file numbers-2026-01.xlsx application/vnd.openxmlformats-officedocument.spreadsheetml.sheet 31877
2026-02-12 10:00 ana: Report on yesterday's incident is in the wiki. Cost: 14 tickets and one sleepless administrator.
  ben: He has slept since.
2026-02-13 17:40 ana: The printer takes 360 boxes back and pays the transport.
2026-02-20 16:30 ana: Second support person: agreed, from April, 38,000 a year.
  ben: Good. Dan earns a holiday.
  * pinned ana
2026-02-27 17:00 ana: Figures of the quarter until Friday. Turnover of February looks like 66,000.
"""

DESIGN = """
2026-01-14 10:00 carla: ¡Bienvenidos! Aquí hablamos de diseño, en el idioma que quieran.
  + :wave: ana dan
2026-01-15 14:20 carla: Paleta de colores, versión final. Ahora sí.
  dan: That is what you said in November.
  carla: En noviembre era otra final.
  * file paleta-final-3.png image/png 402118
2026-01-21 11:05 carla: Does anybody see a difference between these two greys?
  ana: No.
  dan: The left one is sadder.
  carla: Gracias, Dan.
2026-01-28 09:50 carla: Contraste del texto secundario: 4,6 a 1. Antes era 3,1.
  + :clap: ana
2026-02-04 11:58 carla: Último texto provisional eliminado, justo antes de las doce.
  + :tada: ana dan
2026-02-10 15:30 carla: The small icons on a dark background: outlined or filled?
  dan: Filled, I find them faster.
  ana: Filled.
2026-02-18 16:05 carla: Notas de las entrevistas: buscan, no leen. La búsqueda tiene que estar en todas partes.
  ana: Then let us say so in the planning.
  * edited
2026-02-25 13:20 carla: Estados vacíos, prototipo: https://proto.acme.test/empty
  * link https://proto.acme.test/empty | Empty states | Three pages with nothing on them, made with love.
2026-02-26 10:44 dan: Small typo on the second page: "nothing here jet".
  carla: Corregido. Aunque un jet tampoco está aquí.
  + :joy: ana
"""

RELAUNCH = """
2026-01-12 09:30 ana: Plan: the new website goes live on 23 January.
2026-01-13 15:00 carla: Home page is done, prices and help are still missing.
  elena: I have the help in, 41 pages.
2026-01-16 11:11 guy: Product photos are uploaded, all 64.
  carla: Four of them are of a cat.
  guy: Sixty, then.
  + :cat: ana elena
2026-01-20 17:45 elena: All old addresses lead to the new ones, I tried every single one.
2026-01-22 18:02 carla: Prices are in. We are complete.
2026-01-23 10:00 ana: We are live! https://www.acme.test
  + :tada: carla elena ben guy
2026-01-26 09:05 ana: Three days without a complaint. I archive this channel on Friday, thank you all.
"""

ANA_BEN = """
2026-02-11 08:20 ana: You look tired. Go home at noon, that is an order.
2026-02-11 08:21 ben: After the check is in. Then gladly.
2026-02-20 16:45 ben: Thank you for fighting for the support person.
2026-02-20 16:46 ana: It was your figure with the 14 tickets that did it.
"""

CARLA_DAN = """
2026-02-05 13:40 carla: Was I rude in the thread about the settings page?
2026-02-05 13:44 dan: No. Clear. There is a difference, and customers like clear.
2026-02-18 12:40 dan: Can I listen in at three?
2026-02-18 12:41 carla: Of course, I send you the link.
"""

ANA_BEN_DAN = """
2026-02-23 09:40 ana: First interview for the support place is tomorrow at ten. Both of you there?
2026-02-23 09:42 dan: Yes. I bring the question about the fridge.
2026-02-23 09:50 ben: Until eleven, then the patch goes out.
  + :+1: ana
2026-02-24 11:05 dan: I liked her. She asked what we do when we do not know an answer.
2026-02-24 11:06 ana: I liked her, too.
"""

PUMBLE_ANA = """
2026-02-02 10:06 pumble: Hi Ana! You can always ask here how something works in Pumble.
"""
