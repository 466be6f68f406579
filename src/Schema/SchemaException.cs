using Npgsql;

namespace Mesh.Schema;

/// <summary>A database could not be asked, or refused.</summary>
public sealed class SchemaException : Exception
{
    internal SchemaException(string what, string remedy, bool isAway)
        : base(what) => (Remedy, IsAway) = (remedy, isAway);

    /// <summary>What to do about it.</summary>
    public string Remedy { get; }

    /// <summary>Whether it may be well again without anybody's doing anything about the request: it does not answer, or is starting.</summary>
    public bool IsAway { get; }

    internal static SchemaException From(string where, PostgresException refused)
    {
        var remedy = refused.SqlState switch
        {
            PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => "Correct the user and the password, or pg_hba.conf.",
            PostgresErrorCodes.InvalidCatalogName => "Make the database: createdb NAME.",
            PostgresErrorCodes.InsufficientPrivilege => "Ask as the owner of the tables, or have a role given its rights: meshctl cluster init --grant ROLE.",
            PostgresErrorCodes.UndefinedObject => "Make the role first: CREATE ROLE … LOGIN.",
            PostgresErrorCodes.ReadOnlySqlTransaction => "This server is a standby. Name the primary, or add Target Session Attributes=primary.",
            _ => "See PostgreSQL's own log.",
        };
        var starting = refused.SqlState is PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.TooManyConnections;
        return new($"PostgreSQL ({where}) refused: {refused.MessageText} ({refused.SqlState}).", remedy, starting);
    }
}
