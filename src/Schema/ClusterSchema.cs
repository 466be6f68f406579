using System.Collections.Immutable;
using System.Text;

namespace Mesh.Schema;

/// <summary>
/// The tables of the Cluster edition in PostgreSQL: who belongs to a cluster. They have versions, which follow each other; a database says in <c>mesh_schema</c>
/// which it has had. The text of a version never changes once it was released: what is to be otherwise is a next version.
/// </summary>
/// <remarks>
/// Rejected: to let a silo make its tables. It would need the rights to, all its life, for what is done once; and several that start at once would do it at once.
/// </remarks>
public static class ClusterSchema
{
    /// <summary>The version that this program works with.</summary>
    public const int Version = 1;

    /// <summary>Where a database notes its versions. It is older than version 1.</summary>
    internal const string Notes = """
        CREATE TABLE IF NOT EXISTS mesh_schema (
            version    integer PRIMARY KEY,
            applied_at timestamptz NOT NULL DEFAULT now(),
            applied_by text NOT NULL DEFAULT current_user
        );
        """;

    /// <summary>Two that apply it at once: one waits. The number is arbitrary, and ours.</summary>
    internal const string Alone = "SELECT pg_advisory_xact_lock(1835365224);";

    /// <summary>The least that a silo's role needs, on the tables of one schema.</summary>
    private static readonly ImmutableArray<string> Rights =
    [
        "DO $do$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO {0}', current_schema()); END $do$;",
        "GRANT SELECT ON mesh_schema, OrleansQuery TO {0};",
        "GRANT SELECT, INSERT, UPDATE ON mesh_cluster TO {0};",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON mesh_member TO {0};",
    ];

    /// <summary>The SQL that brings a database from a version to <see cref="Version"/>, in one transaction; for psql as well.</summary>
    /// <param name="from">The version that it has; 0 for none.</param>
    /// <param name="roles">Who is given the rights of a silo; not necessarily the one who applies it.</param>
    public static string Script(int from, IReadOnlyList<string> roles)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentNullException.ThrowIfNull(roles);
        var script = new StringBuilder($"BEGIN;\n{Alone}\n{Notes}\n");
        for (var version = from + 1; version <= Version; version++)
        {
            script.Append('\n').Append(Of(version)).Append($"\nINSERT INTO mesh_schema (version) VALUES ({version});\n");
        }

        foreach (var role in roles)
        {
            script.Append('\n').Append(Grants(role)).Append('\n');
        }

        return script.Append("\nCOMMIT;\n").ToString();
    }

    /// <summary>The statements that give a role what a silo needs, and nothing beyond.</summary>
    /// <exception cref="FormatException">The role's name is an odd one.</exception>
    public static string Grants(string role)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(role);
        if (role.AsSpan().IndexOfAny("\"'%\\") >= 0)
        {
            throw new FormatException($"The role {role} has a quote, a per cent sign or a backslash in its name. Give it its rights by hand.");
        }

        return string.Join('\n', Rights.Select(right => right.Replace("{0}", $"\"{role}\"", StringComparison.Ordinal)));
    }

    /// <summary>What one version does.</summary>
    internal static string Of(int version)
    {
        var assembly = typeof(ClusterSchema).Assembly;
        var name = assembly.GetManifestResourceNames().Single(name => name.StartsWith($"{version:0000}-", StringComparison.Ordinal));
        using var text = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return text.ReadToEnd();
    }
}
