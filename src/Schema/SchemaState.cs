namespace Mesh.Schema;

/// <summary>What a database has of the schema.</summary>
/// <param name="Version">The newest version that was applied; 0 for none.</param>
/// <param name="AppliedAt">When; null for none.</param>
/// <param name="AppliedBy">By which role; null for none.</param>
/// <param name="IsForeign">Whether tables of these names stand there that somebody else made, such as the runtime's own scripts.</param>
public sealed record SchemaState(int Version, DateTimeOffset? AppliedAt, string? AppliedBy, bool IsForeign)
{
    /// <summary>What is in the way of working with it, and what to do about it; null when nothing is.</summary>
    public (string What, string Remedy)? Trouble => this switch
    {
        { IsForeign: true } => (
            "The database has a table OrleansQuery that this program did not make.", "Use a database, or a schema in the search path, of the mesh's own; or drop the runtime's tables if nobody needs them."),
        { Version: 0 } => ("The database has none of the tables that the cluster needs.", "Make them: meshctl cluster init --postgres TEXT."),
        { Version: < ClusterSchema.Version } => (
            $"The database has version {Version} of the tables, and this program works with {ClusterSchema.Version}.", "Bring it up to date: meshctl cluster init --postgres TEXT, with the meshctl of this version."),
        { Version: > ClusterSchema.Version } => (
            $"The database has version {Version} of the tables, and this program works with {ClusterSchema.Version}.", "Use the newer program that made them."),
        _ => null,
    };
}
