import io.foregate.Model;
import io.foregate.options.GenerateOptions;
import java.nio.file.Path;

void main(String[] args) {
  try (Model model = Model.open(Path.of(args[0]))) {
    var options = GenerateOptions.defaults().withMaxTokens(48).withSeed(1);
    var result = model.generate("And it came to pass", options, IO::print);
    IO.println("\n%.1f tokens/s".formatted(result.stats().decodeTokensPerSecond()));
  }
}
