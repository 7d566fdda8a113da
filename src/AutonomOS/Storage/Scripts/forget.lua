-- Takes a tenant that is no more out of a pool's index.
-- ARGV: pool, tenant
-- Returns: 1
-- Order: ready, fresh, then generations. A crash between: still known by its generation, and repeated by whoever asked.
call('ZREM', ready, ARGV[2])
call('ZREM', fresh, ARGV[2])
call('HDEL', gens, ARGV[2])
return 1
