-- Every function of the mart, with its arguments, its result and its comment.

SELECT
    function.proname || '(' || pg_get_function_identity_arguments(function.oid) || ')' AS signature,
    pg_get_function_result(function.oid) AS result,
    obj_description(function.oid, 'pg_proc') AS comment
FROM pg_proc AS function
WHERE function.pronamespace = 'mart'::regnamespace
ORDER BY signature;
