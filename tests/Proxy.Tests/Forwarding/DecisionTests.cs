using System.Collections.Immutable;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Mesh.Proxy.Discovery;
using Mesh.Proxy.Forwarding;
using Mesh.Proxy.Model;
using Mesh.Proxy.Upstream;
using Xunit;

namespace Mesh.Proxy.Tests.Forwarding;

public class DecisionTests
{
    [Theory]
    [InlineData(TryKind.Answer, 503, RetryOn.StatusCodes, true)]
    [InlineData(TryKind.Answer, 500, RetryOn.StatusCodes, false)]
    [InlineData(TryKind.Answer, 500, RetryOn.ServerError, true)]
    [InlineData(TryKind.Answer, 500, RetryOn.GatewayError, false)]
    [InlineData(TryKind.Answer, 504, RetryOn.GatewayError, true)]
    [InlineData(TryKind.Answer, 409, RetryOn.Retriable4xx, true)]
    [InlineData(TryKind.Answer, 200, RetryOn.ServerError, false)]
    [InlineData(TryKind.ConnectFailure, 0, RetryOn.ConnectFailure, true)]
    [InlineData(TryKind.ConnectFailure, 0, RetryOn.RefusedStream, false)]
    [InlineData(TryKind.RefusedStream, 0, RetryOn.RefusedStream, true)]
    [InlineData(TryKind.Reset, 0, RetryOn.ConnectFailure | RetryOn.RefusedStream | RetryOn.StatusCodes, false)]
    [InlineData(TryKind.Reset, 0, RetryOn.Reset, true)]
    [InlineData(TryKind.Timeout, 0, RetryOn.ServerError, true)]
    [InlineData(TryKind.ClientGone, 0, (RetryOn)int.MaxValue, false)]
    public void A_try_is_followed_by_another_if_the_policy_names_its_end(TryKind kind, int status, RetryOn on, bool again) =>
        Assert.Equal(again, new TryEnd(kind, status).Retriable(new RetryPolicy { On = on, Retries = 1, StatusCodes = [503] }));

    [Theory]
    [InlineData(14, RetryOn.GrpcUnavailable, true)]
    [InlineData(14, RetryOn.GrpcCancelled, false)]
    [InlineData(1, RetryOn.GrpcCancelled, true)]
    [InlineData(4, RetryOn.GrpcDeadlineExceeded, true)]
    [InlineData(8, RetryOn.GrpcResourceExhausted, true)]
    [InlineData(13, RetryOn.GrpcInternal, true)]
    [InlineData(0, (RetryOn)int.MaxValue, false)]
    public void A_gRPC_status_counts_though_the_HTTP_status_is_200(int grpc, RetryOn on, bool again) =>
        Assert.Equal(again, new TryEnd(TryKind.Answer, 200, grpc).Retriable(new RetryPolicy { On = on, Retries = 1 }));

    [Theory]
    [InlineData(200, -1, TryResult.Success)]
    [InlineData(404, -1, TryResult.Success)]
    [InlineData(500, -1, TryResult.ServerError)]
    [InlineData(503, -1, TryResult.GatewayError)]
    [InlineData(200, 0, TryResult.Success)]
    [InlineData(200, 5, TryResult.Success)]
    [InlineData(200, 13, TryResult.ServerError)]
    [InlineData(200, 14, TryResult.GatewayError)]
    public void What_an_answer_says_about_its_endpoint(int status, int grpc, TryResult result) =>
        Assert.Equal(result, new TryEnd(TryKind.Answer, status, grpc).Result);

    [Fact]
    public void A_client_that_left_says_nothing_and_a_missing_answer_is_of_local_origin()
    {
        Assert.Equal(TryResult.Ignored, new TryEnd(TryKind.ClientGone).Result);
        Assert.All([TryKind.Reset, TryKind.Timeout, TryKind.ConnectFailure, TryKind.RefusedStream], k => Assert.Equal(TryResult.LocalOrigin, new TryEnd(k).Result));
    }

    [Fact]
    public void Waits_between_tries_grow_within_their_bounds() => Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true), Prop.ForAll(
        Gen.Choose(1, 50).ToArbitrary(), Gen.Choose(0, 999).ToArbitrary(), (n, roll) =>
        {
            var wait = new RetryPolicy().BackOff(n, roll / 1000.0);
            var again = new Backoff(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(3)).Wait(n, roll / 1000.0);
            return wait >= TimeSpan.Zero && wait <= TimeSpan.FromMilliseconds(250)
                && again >= TimeSpan.FromMilliseconds(50) && again <= TimeSpan.FromSeconds(4.5);
        }));

    [Theory]
    [InlineData("shop.example", "/", "exact")]
    [InlineData("a.shop.example", "/", "suffix")]
    [InlineData("shop.internal", "/", "prefix")]
    [InlineData("other", "/", "any")]
    [InlineData("shop.example", "/admin", "admin")]
    [InlineData("shop.example", "/admin/x", "exact")]
    [InlineData("shop.example", "/API/x", "api")]
    public void The_most_exact_domain_is_taken_and_in_it_the_first_route_that_matches(string host, string path, string cluster)
    {
        var table = new RouteTable("t",
        [
            Host("any", ["*"]),
            Host("prefix", ["shop.*"]),
            Host("suffix", ["*.example", "*.shop.example"]),
            new VirtualHost("exact", ["shop.example"], [
                To("admin") with { Path = "/admin", Exact = true },
                To("api") with { Path = "/api", CaseSensitive = false },
                To("exact")]),
        ]);

        Assert.Equal(cluster, table.Match(host, path)!.ClusterFor(0));
    }

    [Theory]
    [InlineData(0, "a")]
    [InlineData(0.249, "a")]
    [InlineData(0.25, "b")]
    [InlineData(0.999, "b")]
    public void Weighted_clusters_share_by_weight(double roll, string cluster) =>
        Assert.Equal(cluster, new RouteRule { Path = "/", Clusters = [new("a", 1), new("b", 3)] }.ClusterFor(roll));

    [Fact]
    public void Over_all_rolls_every_cluster_gets_exactly_its_share() => Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true), Prop.ForAll(
        Gen.Choose(0, 100).NonEmptyListOf().Where(weights => weights.Sum() > 0).ToArbitrary(), weights =>
        {
            var rule = new RouteRule { Path = "/", Clusters = [.. weights.Select((weight, i) => new WeightedCluster($"c{i}", weight))] };
            var total = weights.Sum();
            var picked = Enumerable.Range(0, total).Select(i => rule.ClusterFor((i + 0.5) / total)).CountBy(name => name).ToDictionary();
            return weights.Select((weight, i) => picked.GetValueOrDefault($"c{i}") == weight).All(right => right);
        }));

    [Fact]
    public void A_body_can_be_read_again_up_to_the_limit_and_is_whole_each_time() => Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true), Prop.ForAll(
        Gen.Choose(0, 300).ToArbitrary(), Gen.Choose(0, 300).ToArbitrary(), (length, readFirst) =>
        {
            var bytes = Encoding.ASCII.GetBytes(new string('x', length).Select((_, i) => (char)('a' + (i % 26))).ToArray());
            using var body = new ReplayStream(new MemoryStream(bytes), 200);
            var read = Read(body, readFirst).Count;
            if (!body.CanReplay)
            {
                return read > 200;
            }

            body.Rewind();
            return Read(body, int.MaxValue).SequenceEqual(bytes);
        }));

    private static List<byte> Read(ReplayStream body, int most)
    {
        var all = new List<byte>();
        var buffer = new byte[33];
        while (all.Count < most)
        {
            var read = body.ReadAsync(buffer).AsTask().GetAwaiter().GetResult();
            if (read == 0)
            {
                break;
            }

            all.AddRange(buffer[..read]);
        }

        return all;
    }

    private static VirtualHost Host(string cluster, ImmutableArray<string> domains) => new(cluster, domains, [To(cluster)]);

    private static RouteRule To(string cluster) => new() { Path = "/", Clusters = [new(cluster, 1)] };
}
