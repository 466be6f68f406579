using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Contracts.Move;
using Mesh.Core;

namespace Mesh.Grains.Policies;

/// <content>Moving house: version and time are kept.</content>
public sealed partial class PolicyGrain
{
    /// <inheritdoc/>
    public async Task<Moved> Adopt(PolicyDocument document, OnConflict onConflict, bool dryRun)
    {
        var compiled = PolicyCompilation.Compile(Key, document.Json);
        if (!compiled.Ok)
        {
            return Moved.Refused(compiled.Problems);
        }

        await LetGo();
        var host = compiled.Value.Host;
        if (Document is { } here)
        {
            var same = here.Json == document.Json && here.BoundTo == host;
            if (same && here.Version >= document.Version)
            {
                return Moved.Equal;
            }

            if (!same && onConflict != OnConflict.Replace)
            {
                return Moved.Conflict(onConflict, new(
                    ProblemKind.Conflict, "document", Key.ToString(), $"{Key} is another document here (version {here.Version}).",
                    "Import with onConflict=skip to keep it, or with replace to have the one that is imported."));
            }
        }

        var next = new PolicyDocument(Key, Math.Max(document.Version, _row.Value.LastVersion + 1), document.Json, host, document.UpdatedAt) { Changed = true };
        var stored = dryRun ? await Rehearse(next) : await Store(next, compiled.Value.AtVersion(next.Version), null);
        return stored.Ok ? Moved.Written
            : onConflict == OnConflict.Skip && stored.Problems.All(static problem => problem.Kind == ProblemKind.Conflict) ? new(MoveResult.Skipped, stored.Problems)
            : Moved.Refused(stored.Problems);
    }
}
