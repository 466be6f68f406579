using Mesh.Proxy;
using Mesh.Proxy.Options;

if (args is ["--health", var address])
{
    return await HealthProbe.Ask(address);
}

var parsed = OptionParser.Parse(args, Environment.GetEnvironmentVariable);
if (parsed.Options is not { } options)
{
    await (parsed.ExitCode == 0 ? Console.Out : Console.Error).WriteAsync(parsed.Text);
    return parsed.ExitCode;
}

if (options.Node.Length == 0)
{
    options = options with { Node = $"{Environment.MachineName}-{options.Listen.Port}" };
}

WebApplication built;
try
{
    built = ProxyHost.Build(options);
}
catch (Mesh.Tls.TlsFileException wrong)
{
    await Console.Error.WriteLineAsync($"mesh-proxy: {wrong.Message}");
    return 2;
}

await using var app = built;
try
{
    await app.StartAsync();
}
catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
{
    await Console.Error.WriteLineAsync($"mesh-proxy: cannot listen: {e.Message}");
    return 1;
}

var (listen, admin) = ProxyHost.Addresses(app);
app.Logger.LogInformation("Listening on {Listen}, admin on {Admin}, control plane {ControlPlane}.", listen.Authority, admin.Authority, string.Join(", ", options.Gateways.Select(static gateway => gateway.Authority)));
await app.WaitForShutdownAsync();
return 0;
