"""意见征集与采纳公开: public consultations, and the published answer to every opinion.

Authority: seed notice 二(四), rows 38 and 39; 《重大行政决策程序暂行条例》 (State Council order 713) Art. 14, 15, 18
and 32; 《政府信息公开条例》 Art. 26. Owns consultations, opinions, their groups and answers, the report with its
versions, and the clocks of 10 and 20 working days. Publishes `adoption.*`; hears `accounts.unit.registered`,
`calendar.year.loaded`, `decisions.item.changed`, `decisions.document.issued`, `hearings.hearing.held` and
`hearings.report.published`.
"""
