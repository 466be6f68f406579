using System.Collections.Immutable;
using Mesh.Core.Policies;
using Xunit;

namespace Mesh.Core.Tests.Policies;

/// <summary>Compiles documents that are right but for what a test is about.</summary>
internal static class Documents
{
    public static string Rule(string trafficPolicy = "{}", string host = "greeter") => $$"""
        {
          "apiVersion": "networking.istio.io/v1",
          "kind": "DestinationRule",
          "metadata": { "name": "greeter", "namespace": "shop" },
          "spec": { "host": "{{host}}", "trafficPolicy": {{trafficPolicy}} }
        }
        """;

    public static TrafficPolicy Accepted(string trafficPolicy)
    {
        var outcome = DestinationRuleCompiler.Compile(Rule(trafficPolicy));
        Assert.Empty(outcome.Problems);
        return outcome.Value!.Part.Traffic!;
    }

    public static OutlierDetection Outliers(string fields) => Accepted($$"""{"outlierDetection": {{fields}}}""").OutlierDetection;

    public static ConnectionPool Pool(string fields) => Accepted($$"""{"connectionPool": {{fields}}}""").ConnectionPool;

    public static TrafficPolicy Balancer(string fields) => Accepted($$"""{"loadBalancer": {{fields}}}""");

    public static ImmutableArray<Problem> Refused(string json) => Refused(DestinationRuleCompiler.Compile(json));

    /// <summary>The problems of a document of whatever kind, each of which says what is wrong and what would be right.</summary>
    public static ImmutableArray<Problem> Refused(Outcome<CompiledPolicy> outcome)
    {
        Assert.False(outcome.Ok);
        Assert.Null(outcome.Value);
        Assert.All(outcome.Problems, p =>
        {
            Assert.Equal(ProblemKind.Invalid, p.Kind);
            Assert.NotEmpty(p.Detail);
            Assert.NotEmpty(p.Remedy);
        });
        return outcome.Problems;
    }

    public static ImmutableArray<Problem> RefusedPolicy(string trafficPolicy) => Refused(Rule(trafficPolicy));

    public static Problem RefusedOnce(string trafficPolicy) => Assert.Single(RefusedPolicy(trafficPolicy));
}
