using System.Diagnostics;
using System.Reflection;
using Mesh.Silo;
using Mesh.Storage;

return await Run(args);

static async Task<int> Run(string[] args)
{
    if (args.Contains("--help") || args.Contains("-h"))
    {
        Console.Write(OptionTable.Help());
        return 0;
    }

    if (args.Contains("--version"))
    {
        Console.WriteLine($"mesh-silo {Version()}");
        return 0;
    }

    if (args is ["--health", var address])
    {
        return await HealthProbe.Ask(address);
    }

    SiloOptions options;
    try
    {
        options = OptionTable.Read(args, Environment.GetEnvironmentVariable, Settings());
    }
    catch (UsageException wrong)
    {
        return Fail(2, wrong.Message);
    }

    // Asked before anything else is started: grains that have begun to wake would complain in the log about being stopped again.
    if (Ports.Trouble(options) is { } trouble)
    {
        return Fail(trouble.Code, trouble.Message);
    }

    try
    {
        if (!await GrainRuntime.Wait(options))
        {
            return ExitCodes.Ok;
        }

        await using var app = MeshSilo.Build(options);
        using var impatience = new Impatience(app.Services.GetRequiredService<ILoggerFactory>());
        await app.StartAsync();
        var (grpc, rest) = MeshSilo.Addresses(app);
        var took = DateTime.Now - Process.GetCurrentProcess().StartTime;
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Mesh.Silo");
        if (options.HasGateway)
        {
            log.LogInformation(
                "mesh-silo {Version} is up after {Seconds:0.0} s: gRPC {Grpc}, REST {Rest}, data in {Data}",
                Version(), took.TotalSeconds, grpc.Authority, rest.ToString().TrimEnd('/'), options.DataDirectory);
        }
        else
        {
            log.LogInformation(
                "mesh-silo {Version} is up after {Seconds:0.0} s: grains alone, health and metrics at {Rest}", Version(), took.TotalSeconds, rest.ToString().TrimEnd('/'));
        }

        await app.WaitForShutdownAsync();
        return 0;
    }
    catch (UsageException wrong)
    {
        return Fail(2, wrong.Message);
    }
    catch (StorageException store)
    {
        return Fail(ExitCodes.Occupied, store.Message);
    }
    catch (UnfitStoreException store)
    {
        return Fail(ExitCodes.Occupied, store.Message);
    }
    catch (IOException taken) when (taken.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
    {
        return Fail(3, "A port is in use since a moment ago. Stop what uses it, or choose another.");
    }
    catch (Orleans.Runtime.OrleansException failed)
    {
        return Fail(ExitCodes.Failed, $"The start failed: {failed.Message}");
    }
}

static int Fail(int code, string message)
{
    Console.Error.WriteLine($"mesh-silo: {message}");
    return code;
}

static string Version() =>
    typeof(MeshSilo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

static Func<string, string?> Settings()
{
    try
    {
        var configuration = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true, reloadOnChange: false)
            .AddJsonFile(Path.Combine(Environment.CurrentDirectory, "appsettings.json"), optional: true, reloadOnChange: false)
            .Build();
        return key => configuration[key];
    }
    catch (InvalidDataException)
    {
        throw new UsageException("appsettings.json is not valid JSON. Correct it, or take it away.");
    }
}
