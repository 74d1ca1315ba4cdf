-- Every page: how the pipeline is.
SELECT *
FROM mart.pipeline_status;
