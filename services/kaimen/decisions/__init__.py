"""重大行政决策事项目录: which decisions a unit will take this year, and what became public of each until its document.

Authority: 《重大行政决策程序暂行条例》 (State Council order 713) Art. 3, 14 to 33 and 42, and rows 36, 37 and 74 of the
task table of 2022. Owns catalogues with their revisions, items with their papers, facets and issued documents, and what
the public saw on each day. Publishes `decisions.*`; hears `accounts.unit.registered`, the holiday notices of
`calendar`, and whatever `hearings`, `representatives` and `adoption` say about an item.
"""
