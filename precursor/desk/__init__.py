"""The desk: pages for every collection of records, made from the same table as the API.

Look here for: lists with filters, print and workbook; one record with what belongs to it; the form of every act; the
home page of each role. What a page may show is decided where the API decides it: by the collection's own query.
"""
