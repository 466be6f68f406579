using System.Collections.Immutable;
using Mesh.Core.Policies;
using Mesh.Core.Routing;
using Xunit;

namespace Mesh.Core.Tests.Policies;

/// <summary>Compiles VirtualServices that are right but for what a test is about.</summary>
internal static class VirtualServices
{
    public const string Canary =
        """[{"destination": {"host": "greeter"}, "weight": 90}, {"destination": {"host": "greeter-canary"}, "weight": 10}]""";

    public static string Spec(string spec) => $$"""
        {
          "apiVersion": "networking.istio.io/v1",
          "kind": "VirtualService",
          "metadata": { "name": "greeter", "namespace": "shop" },
          "spec": {{spec}}
        }
        """;

    public static string Rule(string rule) => Spec($$"""{"hosts": ["greeter"], "http": [{{rule}}]}""");

    public static string Route(string route) => Rule($$"""{"route": {{route}}}""");

    public static CompiledPolicy Accepted(string json)
    {
        var outcome = VirtualServiceCompiler.Compile(json);
        Assert.Empty(outcome.Problems);
        return outcome.Value!;
    }

    public static ServiceRouting Routing(string route) => Accepted(Route(route)).Part.Routing!;

    public static ImmutableArray<Problem> Refused(string json) => Documents.Refused(VirtualServiceCompiler.Compile(json));

    public static string Paths(string json) => string.Join(' ', Refused(json).Select(p => p.Field));
}
