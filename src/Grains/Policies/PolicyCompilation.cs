using System.Collections.Immutable;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Policies;

namespace Mesh.Grains.Policies;

/// <summary>Compiles what is put under a key.</summary>
internal static class PolicyCompilation
{
    public static Outcome<CompiledPolicy> Compile(PolicyKey key, string json)
    {
        if (json.Length > MeshLimits.PolicyCharacters)
        {
            return Outcome.Refused<CompiledPolicy>(
                ProblemKind.LimitExceeded, "", $"{json.Length} characters",
                $"A document has at most {MeshLimits.PolicyCharacters} characters, which is the limit PolicyCharacters.", "Split it.");
        }

        if (PolicyKinds.Compile(key.Kind, json) is not { } compiled)
        {
            return Outcome.Refused<CompiledPolicy>(
                ProblemKind.Invalid, "kind", key.Kind, "There are no policies of this kind.", $"The kinds there are are {string.Join(" and ", PolicyKinds.All)}.");
        }

        var mismatches = compiled.Ok ? Mismatches(key, compiled.Value) : [];
        return mismatches.IsEmpty ? compiled : Outcome.Refused<CompiledPolicy>(mismatches);
    }

    private static ImmutableArray<Problem> Mismatches(PolicyKey key, CompiledPolicy policy)
    {
        return [.. Check("kind", policy.Kind, key.Kind), .. Check("metadata.namespace", policy.Namespace, key.Namespace), .. Check("metadata.name", policy.Name, key.Name)];

        static ImmutableArray<Problem> Check(string field, string inDocument, string inKey) => inDocument == inKey ? [] :
        [
            new(ProblemKind.Invalid, field, inDocument, $"The document was put under '{inKey}'.", $"Write {inKey} in the document, or put it under {inDocument}."),
        ];
    }
}
