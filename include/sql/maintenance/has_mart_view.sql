-- Whether the mart's views were ever made from files here.

SELECT to_regclass('public.mart_view') IS NOT NULL;
