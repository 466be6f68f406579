-- Who belongs to a cluster. The silos' runtime reads the texts of its queries from the table OrleansQuery and knows nothing else of what is here: the names of the
-- parameters and of the columns in the answers are its own, the tables are ours.

-- One row for each cluster. Its version counts the changes of its members; whoever changes them names the version it saw, so of two at once one is refused.
CREATE TABLE mesh_cluster (
    cluster_id varchar(150) PRIMARY KEY,
    version    integer NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL DEFAULT now()
);

-- One row for each life of a silo. The generation tells the lives at one address apart.
CREATE TABLE mesh_member (
    cluster_id   varchar(150) NOT NULL REFERENCES mesh_cluster,
    address      varchar(45) NOT NULL,
    port         integer NOT NULL,
    generation   integer NOT NULL,
    name         varchar(150) NOT NULL,
    host         varchar(255) NOT NULL,
    status       integer NOT NULL, -- 1 created, 2 joining, 3 active, 4 shutting down, 5 stopping, 6 dead
    gateway_port integer NOT NULL, -- where gateways apart from silos reach it; 0: nowhere
    suspected_by text,
    started_at   timestamptz NOT NULL,
    alive_at     timestamptz NOT NULL,
    PRIMARY KEY (cluster_id, address, port, generation)
);

CREATE TABLE OrleansQuery (
    QueryKey  varchar(64) PRIMARY KEY,
    QueryText text NOT NULL
);

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES

-- Makes the cluster's row. Answers whether it was not there.
('InsertMembershipVersionKey', $query$
    WITH made AS (
        INSERT INTO mesh_cluster (cluster_id) VALUES (@DeploymentId) ON CONFLICT DO NOTHING RETURNING 1)
    SELECT count(*)::integer FROM made
$query$),

-- A new member, if the version is still the one that was read. One statement, so it happens wholly or not at all.
('InsertMembershipKey', $query$
    WITH counted AS (
        UPDATE mesh_cluster SET version = version + 1, changed_at = now()
        WHERE cluster_id = @DeploymentId AND version = @Version AND NOT EXISTS (
            SELECT FROM mesh_member WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
        RETURNING cluster_id),
    added AS (
        INSERT INTO mesh_member (cluster_id, address, port, generation, name, host, status, gateway_port, started_at, alive_at)
        SELECT cluster_id, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime FROM counted
        RETURNING 1)
    SELECT count(*)::integer FROM added
$query$),

-- A change of a member: of its status, of who suspects it.
('UpdateMembershipKey', $query$
    WITH counted AS (
        UPDATE mesh_cluster SET version = version + 1, changed_at = now()
        WHERE cluster_id = @DeploymentId AND version = @Version AND EXISTS (
            SELECT FROM mesh_member WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
        RETURNING cluster_id),
    changed AS (
        UPDATE mesh_member AS member SET status = @Status, suspected_by = @SuspectTimes, alive_at = @IAmAliveTime
        FROM counted
        WHERE member.cluster_id = counted.cluster_id AND address = @Address AND port = @Port AND generation = @Generation
        RETURNING 1)
    SELECT count(*)::integer FROM changed
$query$),

-- A sign of life. It is no change of the members, and does not count as one.
('UpdateIAmAlivetimeKey', $query$
    UPDATE mesh_member SET alive_at = @IAmAliveTime
    WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation
$query$),

-- The version and one member; a version without a member when there is none.
('MembershipReadRowKey', $query$
    SELECT cluster.cluster_id AS "DeploymentId", address AS "Address", port AS "Port", generation AS "Generation", name AS "SiloName", host AS "HostName",
           status AS "Status", gateway_port AS "ProxyPort", suspected_by AS "SuspectTimes", started_at AS "StartTime", alive_at AS "IAmAliveTime",
           cluster.version AS "Version"
    FROM mesh_cluster AS cluster LEFT JOIN mesh_member AS member
        ON member.cluster_id = cluster.cluster_id AND address = @Address AND port = @Port AND generation = @Generation
    WHERE cluster.cluster_id = @DeploymentId
$query$),

-- The same with all members.
('MembershipReadAllKey', $query$
    SELECT cluster.cluster_id AS "DeploymentId", address AS "Address", port AS "Port", generation AS "Generation", name AS "SiloName", host AS "HostName",
           status AS "Status", gateway_port AS "ProxyPort", suspected_by AS "SuspectTimes", started_at AS "StartTime", alive_at AS "IAmAliveTime",
           cluster.version AS "Version"
    FROM mesh_cluster AS cluster LEFT JOIN mesh_member AS member ON member.cluster_id = cluster.cluster_id
    WHERE cluster.cluster_id = @DeploymentId
$query$),

-- Silos that gateways apart can reach.
('GatewaysQueryKey', $query$
    SELECT address AS "Address", gateway_port AS "ProxyPort", generation AS "Generation"
    FROM mesh_member WHERE cluster_id = @DeploymentId AND status = @Status AND gateway_port > 0
$query$),

-- Forgets who has been dead for long. Who is joining is not forgotten, however long that takes.
('CleanupDefunctSiloEntriesKey', $query$
    DELETE FROM mesh_member WHERE cluster_id = @DeploymentId AND alive_at < @IAmAliveTime AND status = 6
$query$),

-- Forgets a cluster. The runtime's tests ask for it; silos need no right to.
('DeleteMembershipTableEntriesKey', $query$
    DELETE FROM mesh_member WHERE cluster_id = @DeploymentId;
    DELETE FROM mesh_cluster WHERE cluster_id = @DeploymentId
$query$);
