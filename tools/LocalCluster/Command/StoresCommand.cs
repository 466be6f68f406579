using System.CommandLine;
using Mesh.Local.Stores;

namespace Mesh.Local.Command;

/// <summary>The stores alone, for silos that are started by hand.</summary>
internal static class StoresCommand
{
    public static System.CommandLine.Command Create()
    {
        var data = new Option<DirectoryInfo>("--data") { Description = "Where their data goes [.mesh/cluster]", HelpName = "dir", DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(".mesh", "cluster")) };
        var command = new System.CommandLine.Command("stores", "Start a PostgreSQL and a Redis for trials, say how to reach them, and keep them until Ctrl+C") { data };
        command.SetAction((parsed, cancel) => Run(parsed.GetValue(data)!.FullName, cancel));
        return command;
    }

    private static async Task<int> Run(string folder, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        await using var stores = StorePair.In(folder);
        await stores.Start(cancel);
        await stores.ApplySchema();
        foreach (var (name, value) in stores.Environment)
        {
            Console.WriteLine($"export {name}='{value}'");
        }

        await Task.Delay(Timeout.Infinite, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return 0;
    }
}
