"""One trading day played through the running stack, by way of Airflow, as an operator would do it."""
