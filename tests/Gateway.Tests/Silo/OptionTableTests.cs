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
    public void A_wrong_option_is_refused_with_what_would_be_right(string arguments, string said) =>
        Assert.Contains(
            said, Assert.Throws<UsageException>(() => OptionTable.Read(arguments.Split(' '), _ => null, _ => null)).Message, StringComparison.Ordinal);

    [Fact]
    public void The_help_names_every_option() =>
        Assert.All(
            (string[])["--grpc-port N", "--rest-port N", "--bind IP", "--data DIR", "--otlp-endpoint URL", "--log-json", "--help"],
            option => Assert.Contains(option, OptionTable.Help(), StringComparison.Ordinal));
}
