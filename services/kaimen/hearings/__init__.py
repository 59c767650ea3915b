"""听证会: public hearings, from the notice to the report that answers every point.

Authority: 《重大行政决策程序暂行条例》 (State Council order 713) Art. 16 to 18 and 33; for price hearings 价格法
Art. 23 and 《政府制定价格听证办法》 (NDRC order 21 of 2018). Owns hearings, seat groups, deliveries, the speaking
ledger, the record with its sign-offs, and the report; recruits participants and observers with `kit.recruiting`.
Publishes `hearings.*`; hears `accounts.unit.registered`.
"""
