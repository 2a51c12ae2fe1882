-- The user that Grafana reads with: whoever may look at a dashboard can send any statement. It sees every table, and what
-- runs, in every database of this server, also in those that are made later; it can change nothing.
CREATE ROLE grafana LOGIN PASSWORD 'local' CONNECTION LIMIT 10;
GRANT pg_read_all_data, pg_read_all_stats TO grafana;
ALTER ROLE grafana SET default_transaction_read_only = on;
ALTER ROLE grafana SET statement_timeout = '10s';
