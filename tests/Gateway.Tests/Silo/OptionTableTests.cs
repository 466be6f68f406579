using Mesh.Silo;

namespace Mesh.Gateway.Tests.Silo;

public sealed class OptionTableTests
{
    [Fact]
    public void The_command_line_wins_over_the_environment_and_that_over_the_file()
    {
        var options = OptionTable.Read(
            ["--rest-port", "1", "--data=/tmp/x"],
            name => name switch { "MESH_REST_PORT" => "2", "MESH_GRPC_PORT" => "3", _ => null },
            key => key switch { "Mesh:RestPort" => "4", "Mesh:GrpcPort" => "5", "Mesh:Bind" => "0.0.0.0", _ => null });
        Assert.Equal((1, 3, "0.0.0.0", "/tmp/x"), (options.RestPort, options.GrpcPort, options.Bind.ToString(), options.DataDirectory));
    }

    [Fact]
    public void The_collector_may_be_named_by_OpenTelemetrys_own_variable() =>
        Assert.Equal(
            new Uri("http://collector:4317"),
            OptionTable.Read([], name => name == "OTEL_EXPORTER_OTLP_ENDPOINT" ? "http://collector:4317" : null, _ => null).OtlpEndpoint);

    [Theory]
    [InlineData("--rest-port 70000", "--rest-port '70000'")]
    [InlineData("--rest-port -1", "--rest-port '-1'")]
    [InlineData("--rest-port", "lacks its value")]
    [InlineData("--rest-prot 80", "There is no option '--rest-prot'")]
    [InlineData("up", "There is no option 'up'")]
    [InlineData("--bind example.com", "not an IP address")]
    [InlineData("--otlp-endpoint collector:4317", "not a URL")]
    [InlineData("--log-json=perhaps", "neither true nor false")]
    [InlineData("--rest-port 80 --grpc-port 80", "both 80")]
    [InlineData("--endpoints-ttl 4s", "'4s': This is not a length of time from 5 s")]
    [InlineData("--endpoints-ttl 25h", "'25h': This is not a length of time from 5 s")]
    [InlineData("--max-streams 0", "not a number from 1 to 1000000")]
    [InlineData("--max-message-size 4MB", "--max-message-size '4MB': This is not a number from 1024")]
    public void A_wrong_option_is_refused_with_what_would_be_right(string arguments, string said) =>
        Assert.Contains(
            said, Assert.Throws<UsageException>(() => OptionTable.Read(arguments.Split(' '), _ => null, _ => null)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("5s", 5)]
    [InlineData("24h", 86400)]
    [InlineData("none", null)]
    public void A_time_to_live_is_of_endpoints(string text, int? seconds)
    {
        var ttl = Limits.OfStreams(OptionTable.Read(["--endpoints-ttl", text], _ => null, _ => null)).Ads.ResourceTtl;
        Assert.Equal(seconds is { } some ? [KeyValuePair.Create(Mesh.Xds.ResourceType.Endpoints, TimeSpan.FromSeconds(some))] : [], ttl);
    }

    [Fact]
    public void Nothing_runs_out_unless_it_is_asked_for() => Assert.Empty(Limits.OfStreams(new SiloOptions()).Ads.ResourceTtl);

    [Fact]
    public void Limits_reach_the_streams_and_the_connections()
    {
        var options = OptionTable.Read(
            ["--max-streams", "7", "--max-streams-per-client", "6", "--max-resources-per-stream", "5", "--max-message-size", "4096", "--max-streams-per-connection", "3"],
            _ => null,
            _ => null);
        var streams = Limits.OfStreams(options);
        Assert.Equal((7, 7, 6, 5, 4096), (streams.MaxStreams, streams.MaxReportStreams, streams.MaxStreamsPerClient, streams.Ads.ResourcesPerStream, streams.MaxMessageBytes));
        var kestrel = new Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerLimits();
        Limits.OfConnections(kestrel, options);
        Assert.Equal(3, kestrel.Http2.MaxStreamsPerConnection);
    }

    [Fact]
    public void The_help_names_every_option() =>
        Assert.All(
            (string[])["--grpc-port N", "--rest-port N", "--bind IP", "--data DIR", "--otlp-endpoint URL", "--log-json", "--help"],
            option => Assert.Contains(option, OptionTable.Help(), StringComparison.Ordinal));
}
