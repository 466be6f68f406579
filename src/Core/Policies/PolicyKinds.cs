using System.Collections.Immutable;

namespace Mesh.Core.Policies;

/// <summary>The kinds of documents that are acted on. Which there are is known here and nowhere else.</summary>
public static class PolicyKinds
{
    /// <summary>All of them.</summary>
    public static ImmutableArray<string> All { get; } = [DestinationRuleCompiler.Kind, VirtualServiceCompiler.Kind];

    /// <summary>Compiles a document of that kind; null when there is no such kind.</summary>
    public static Outcome<CompiledPolicy>? Compile(string kind, string json) => kind switch
    {
        DestinationRuleCompiler.Kind => DestinationRuleCompiler.Compile(json),
        VirtualServiceCompiler.Kind => VirtualServiceCompiler.Compile(json),
        _ => null,
    };
}
